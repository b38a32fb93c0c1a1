import { EditorContent, useEditor, useEditorState, type Editor } from "@tiptap/react";
import { StarterKit } from "@tiptap/starter-kit";
import { useId } from "react";
import { useWords, type Key } from "./words";

// Its style sheet is ours: one that it would add to the page is refused by the Content-Security-Policy.
const EXTENSIONS = [StarterKit.configure({ heading: { levels: [2, 3, 4] }, link: { openOnClick: false, defaultProtocol: "https", HTMLAttributes: { target: null, rel: null } } })];

const TOOLS: { key: Key; sign: string; name: string; attributes?: Record<string, unknown>; press: (editor: Editor) => void }[] = [
  { key: "bold", sign: "B", name: "bold", press: (editor) => editor.chain().focus().toggleBold().run() },
  { key: "italic", sign: "I", name: "italic", press: (editor) => editor.chain().focus().toggleItalic().run() },
  { key: "heading", sign: "H", name: "heading", press: (editor) => editor.chain().focus().toggleHeading({ level: 2 }).run() },
  { key: "bullets", sign: "•", name: "bulletList", press: (editor) => editor.chain().focus().toggleBulletList().run() },
  { key: "numbers", sign: "①", name: "orderedList", press: (editor) => editor.chain().focus().toggleOrderedList().run() },
  { key: "quotation", sign: "“", name: "blockquote", press: (editor) => editor.chain().focus().toggleBlockquote().run() },
];

/** A text with its marks. What it can make is what the service keeps. */
export default function RichEditor({ label, value, change, isNew = false }: { label: string; value: string; change: (html: string) => void; isNew?: boolean }) {
  const { t } = useWords();
  const id = useId();
  const editor = useEditor({
    extensions: EXTENSIONS,
    content: value,
    injectCSS: false,
    autofocus: isNew ? "end" : false,
    editorProps: { attributes: { role: "textbox", "aria-multiline": "true", "aria-labelledby": id, class: "prose" } },
    onUpdate: ({ editor: changed }) => change(changed.isEmpty ? "" : changed.getHTML()),
  });
  const active = useEditorState({ editor, selector: ({ editor: at }) => TOOLS.filter((tool) => at.isActive(tool.name)).map((tool) => tool.name) });
  return (
    <div className="control">
      <span className="rich-label" id={id}>
        {label}
      </span>
      <div className="rich">
        <div className="rich-tools" role="group" aria-label={t("format", { name: label })}>
          {TOOLS.map((tool) => (
            <button key={tool.name} type="button" aria-label={t(tool.key)} title={t(tool.key)} aria-pressed={active.includes(tool.name)} onClick={() => tool.press(editor)}>
              {tool.sign}
            </button>
          ))}
        </div>
        <EditorContent editor={editor} />
      </div>
    </div>
  );
}
