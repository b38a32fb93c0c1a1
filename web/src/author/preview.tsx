import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { documentId, useFileAddress } from "../documents/documents";
import { Failure, Loading, plain, Rich, Screen } from "../parts/basics";
import { OpenFile } from "../screens/files";
import { fetchDraft } from "./draft";
import { titleOf } from "./question-form";
import { itemsOf, modulesOf, type Entry, type Item, type Question } from "./tree";
import { useWords } from "./words";

function Picture({ reference }: { reference: string }) {
  const id = documentId(reference);
  const address = useFileAddress(id);
  const source = id ? address.data : reference;
  return source ? <img className="picture" src={source} alt="" /> : null;
}

function Asked({ question, number }: { question: Question; number: number }) {
  const { t } = useWords();
  const choices = "answers" in question ? (question.answers ?? []) : [];
  return (
    <li className="question">
      <p className="question-head">{t("questionNumber", { number })}</p>
      <Rich html={question.prompt_html ?? ""} />
      <ul className="choices">
        {choices.map((one) => (
          <li key={one.key ?? one.text} className="choice">
            {one.html ? <Rich html={one.html} /> : one.text}
          </li>
        ))}
        {question.type === "true_false" ? [t("isTrue"), t("isFalse")].map((one) => <li key={one} className="choice">{one}</li>) : null}
      </ul>
    </li>
  );
}

function Questions({ questions }: { questions: Entry[] | undefined }) {
  const words = useWords();
  return (
    <ol className="questions">
      {(questions ?? []).map((entry, index) =>
        entry.type === "pool" ? (
          <li key={entry.key ?? index} className="question">
            <p className="question-head">{titleOf(entry, words, plain)}</p>
            <Questions questions={entry.questions} />
          </li>
        ) : (
          <Asked key={entry.key ?? index} question={entry} number={index + 1} />
        ),
      )}
    </ol>
  );
}

function Shown({ item }: { item: Item }) {
  const { t } = useWords();
  return (
    <article>
      <h3>{item.title}</h3>
      {item.kind === "lesson" ? (
        <>
          <Rich html={item.body_html ?? ""} />
          {item.image_url ? <Picture reference={item.image_url} /> : null}
          {documentId(item.document_url) ? (
            <div className="files">
              <OpenFile path={`/api/documents/${documentId(item.document_url) ?? ""}/file/`} label={t("openSlides")} />
            </div>
          ) : null}
        </>
      ) : item.kind === "attestation" ? (
        <Rich html={item.text_html ?? ""} />
      ) : (
        <Questions questions={item.questions} />
      )}
    </article>
  );
}

/** The draft as a learner will read it, before it is published. */
export function Preview() {
  const { courseId } = useParams({ strict: false }) as { courseId: string };
  const { t } = useWords();
  const draft = useQuery({ queryKey: ["draft", courseId, "preview"], queryFn: () => fetchDraft(courseId), staleTime: 0, gcTime: 0 });
  if (draft.error) return <Failure error={draft.error} again={() => void draft.refetch()} />;
  if (!draft.data) return <Loading />;
  const { tree } = draft.data;
  return (
    <Screen
      title={tree.title}
      lead={
        <Link to="/author/$courseId" params={{ courseId }}>
          {t("goOnEditing")}
        </Link>
      }
    >
      <Rich html={tree.description_html ?? ""} />
      {modulesOf(tree).map((module, index) => (
        <section key={module.key ?? index} className="preview-module">
          <h2 className="section">{module.title}</h2>
          {itemsOf(module).map((item, at) => (
            <Shown key={item.key ?? at} item={item} />
          ))}
        </section>
      ))}
      {tree.assessment ? (
        <section className="preview-module">
          <h2 className="section">{tree.assessment.title}</h2>
          <Questions questions={tree.assessment.questions} />
        </section>
      ) : null}
    </Screen>
  );
}
