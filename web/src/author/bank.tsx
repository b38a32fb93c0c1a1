import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Ask } from "../administrator/parts";
import { api, done, fetchFile, take, type Schemas } from "../api";
import { fileBody, keepFile } from "../documents/documents";
import { Empty, Failure, Loading, plain, Screen } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { Form, SelectField, TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { ImportQuestions } from "./import";
import { QuestionForm, QUESTION_TYPES, TYPE } from "./question-form";
import { keyed, newQuestion, sendableQuestion, type Question } from "./tree";
import { useWords } from "./words";

type Bank = Schemas["BankOut"];
type Kept = Schemas["BankQuestionOut"];

const FORMATS = { gift: "GIFT", "moodle-xml": "Moodle XML", "qti-2.1": "QTI 2.1" } as const;
const ENDINGS: Record<keyof typeof FORMATS, string> = { gift: "gift.txt", "moodle-xml": "xml", "qti-2.1": "zip" };

/** A question of a bank as the form and the calls know one. */
function questionOf(kept: Kept): Question {
  const { drafts: _, ...question } = kept;
  return question as Question;
}

/** One question while it is edited; kept by its button, for a bank reaches many courses. */
function Editing({ bankId, first, close }: { bankId: string; first: Question; close: () => void }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [question, setQuestion] = useState(first);
  const [tags, setTags] = useState((first.tags ?? []).join(", "));
  const keep = useMutation({
    mutationFn: () => {
      const body = { ...keyed(sendableQuestion(question), new Map()), tags: [...new Set(tags.split(",").map((one) => one.trim()).filter(Boolean))] };
      const path = { bank_id: bankId };
      return first.key
        ? take(api.PUT("/api/question-banks/{bank_id}/questions/{key}/", { params: { path: { ...path, key: first.key } }, body }))
        : take(api.POST("/api/question-banks/{bank_id}/questions/", { params: { path }, body }));
    },
    onSuccess: async (kept) => {
      close();
      say(kept.drafts && kept.drafts.length > 0 ? t("bankSavedFor", { count: kept.drafts.length }) : t("policySaved"));
      await queries.invalidateQueries({ queryKey: ["bank", bankId] });
    },
  });
  return (
    <Form send={() => keep.mutate()} error={keep.error}>
      <QuestionForm question={question} isNew={!first.key} change={setQuestion} />
      <TextField label={t("tags")} hint={t("tagsHint")} pointer="/tags" value={tags} change={setTags} />
      <div className="buttons start">
        <button type="submit" className="primary" disabled={keep.isPending}>
          {t("save")}
        </button>
        <button type="button" onClick={close}>
          {t("cancel")}
        </button>
      </div>
    </Form>
  );
}

function Row(props: { bankId: string; kept: Kept; number: number; isOpen: boolean; open: (isOpen: boolean) => void }) {
  const { bankId, kept, number, isOpen, open } = props;
  const { t } = useWords();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const name = plain(kept.prompt_html) || t("untitledQuestion");
  const remove = useMutation({
    mutationFn: () => done(api.DELETE("/api/question-banks/{bank_id}/questions/{key}/", { params: { path: { bank_id: bankId, key: kept.key } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["bank", bankId] }),
  });
  return (
    <li className="question">
      <div className="question-bar">
        <button type="button" className="outline-name" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
          <span>{`${number}. ${name}`}</span>
          <small>{[t(TYPE[kept.type as Question["type"]]), ...kept.tags].join(" · ")}</small>
        </button>
        <button type="button" className="small" aria-label={t("bankRemove", { name })} onClick={() => setRemoving(true)}>
          {t("removeGrader")}
        </button>
      </div>
      {isOpen ? <Editing bankId={bankId} first={questionOf(kept)} close={() => open(false)} /> : null}
      {removing ? (
        <Confirm title={t("removeAsk", { name })} action={t("removeGrader")} busy={remove.isPending} error={remove.error} confirm={() => remove.mutate()} close={() => setRemoving(false)}>
          <p>{t("bankRemoveLead")}</p>
        </Confirm>
      ) : null}
    </li>
  );
}

const NEW = "new";

function Questions({ bankId }: { bankId: string }) {
  const { t } = useWords();
  const [filters, change] = useFilters();
  const [open, setOpen] = useState<string | null>(null);
  const [type, setType] = useState<Question["type"]>("multiple_choice");
  const { q, tag } = filters;
  const kind = QUESTION_TYPES.find((one) => one === filters["type"]);
  const query = { limit: 50, ...(q ? { q } : {}), ...(tag ? { tag } : {}), ...(kind ? { type: kind } : {}) };
  const list = usePages(["bank", bankId, "questions", query], (cursor) =>
    take(api.GET("/api/question-banks/{bank_id}/questions/", { params: { path: { bank_id: bankId }, query: { ...query, ...(cursor ? { cursor } : {}) } } })),
  );
  const types = QUESTION_TYPES.map((value) => ({ value, label: t(TYPE[value]) }));
  return (
    <>
      <Filters>
        <SearchBox label={t("findQuestion")} value={q ?? ""} change={(next) => change({ q: next })} />
        <SearchBox label={t("withTag")} value={tag ?? ""} change={(next) => change({ tag: next })} />
        <Choose label={t("kindOfQuestion")} value={kind ?? ""} options={[{ value: "", label: t("allKinds") }, ...types]} change={(next) => change({ type: next })} />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 && open !== NEW ? <Empty title={t("noQuestions")}>{q || tag || kind ? t("noBanksLead") : t("noQuestionsLead")}</Empty> : null}
      <ol className="question-list">
        {list.items?.map((kept, index) => (
          <Row key={kept.key} bankId={bankId} kept={kept} number={index + 1} isOpen={open === kept.key} open={(isOpen) => setOpen(isOpen ? kept.key : null)} />
        ))}
      </ol>
      <More list={list} />
      {open === NEW ? (
        <section className="question">
          <h2>{t("untitledQuestion")}</h2>
          <Editing bankId={bankId} first={newQuestion(type)} close={() => setOpen(null)} />
        </section>
      ) : (
        <div className="add-question">
          <SelectField label={t("kindOfQuestion")} value={type} options={types} change={(value) => setType(value as Question["type"])} />
          <button type="button" onClick={() => setOpen(NEW)}>
            {t("addQuestion")}
          </button>
        </div>
      )}
    </>
  );
}

function Rename({ bank, close }: { bank: Bank; close: () => void }) {
  const { t } = useWords();
  const queries = useQueryClient();
  const [title, setTitle] = useState(bank.title);
  const rename = useMutation({
    mutationFn: () => take(api.PATCH("/api/question-banks/{bank_id}/", { params: { path: { bank_id: bank.id } }, body: { title } })),
    onSuccess: async () => {
      close();
      await Promise.all([queries.invalidateQueries({ queryKey: ["bank", bank.id] }), queries.invalidateQueries({ queryKey: ["banks"] })]);
    },
  });
  return (
    <Ask title={t("renameBank")} action={t("save")} busy={rename.isPending} error={rename.error} close={close} act={() => rename.mutate()}>
      <TextField label={t("title")} pointer="/title" maxLength={200} value={title} change={setTitle} />
    </Ask>
  );
}

function Export({ bank, close }: { bank: Bank; close: () => void }) {
  const { t } = useWords();
  const [format, setFormat] = useState<keyof typeof FORMATS>("qti-2.1");
  const save = useMutation({
    mutationFn: () => fetchFile(`/api/question-banks/${bank.id}/export/?format=${format}`, "*/*"),
    onSuccess: (file) => {
      keepFile(file, `${bank.title}.${ENDINGS[format]}`);
      close();
    },
  });
  return (
    <Ask title={t("exportBank")} action={t("saveAsFile")} busy={save.isPending} error={save.error} close={close} act={() => save.mutate()}>
      <SelectField label={t("fileFormat")} value={format} options={Object.entries(FORMATS).map(([value, label]) => ({ value, label }))} change={(value) => setFormat(value as keyof typeof FORMATS)} />
    </Ask>
  );
}

type Asked = "rename" | "import" | "export" | "delete";

/** What can be done with the whole bank. */
function Actions({ bank }: { bank: Bank }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const path = { bank_id: bank.id };
  const remove = useMutation({
    mutationFn: () => done(api.DELETE("/api/question-banks/{bank_id}/", { params: { path } })),
    onSuccess: async () => {
      await navigate({ to: "/author/banks" });
      await queries.invalidateQueries({ queryKey: ["banks"] });
    },
  });
  return (
    <div className="author-bar">
      <button type="button" onClick={() => setAsked("import")}>
        {t("importQuestions")}
      </button>
      <button type="button" onClick={() => setAsked("export")}>
        {t("exportBank")}
      </button>
      <button type="button" onClick={() => setAsked("rename")}>
        {t("renameBank")}
      </button>
      <button type="button" onClick={() => setAsked("delete")}>
        {t("deleteBank")}
      </button>
      {asked === "rename" ? <Rename bank={bank} close={close} /> : null}
      {asked === "export" ? <Export bank={bank} close={close} /> : null}
      {asked === "import" ? (
        <ImportQuestions
          lead={t("importIntoBank", { name: bank.title })}
          send={(file, dryRun) => take(api.POST("/api/question-banks/{bank_id}/imports/", { params: { path, query: { dry_run: dryRun } }, body: fileBody(file) }))}
          done={() => void queries.invalidateQueries({ queryKey: ["bank", bank.id] })}
          close={close}
        />
      ) : null}
      {asked === "delete" ? (
        <Confirm title={t("removeAsk", { name: bank.title })} action={t("deleteBank")} busy={remove.isPending} error={remove.error} confirm={() => remove.mutate()} close={close}>
          <p>{t("deleteBankLead")}</p>
        </Confirm>
      ) : null}
    </div>
  );
}

/** A question bank: its questions, and which drafts draw from it. */
export function BankScreen() {
  const { bankId } = useParams({ strict: false }) as { bankId: string };
  const { t } = useWords();
  const bank = useQuery({ queryKey: ["bank", bankId], queryFn: () => take(api.GET("/api/question-banks/{bank_id}/", { params: { path: { bank_id: bankId } } })) });
  if (bank.error) return <Failure error={bank.error} again={() => void bank.refetch()} />;
  if (!bank.data) return <Loading />;
  const { title, question_count: count, drafts } = bank.data;
  return (
    <Screen title={title} lead={t("questions", { count })} wide>
      <Actions bank={bank.data} />
      {drafts.length > 0 ? (
        <div className="notice">
          <p>{t("drawnBy")}</p>
          <ul className="bullets">
            {drafts.map((one) => (
              <li key={one.course_id}>
                <Link to="/author/$courseId" params={{ courseId: one.course_id }}>
                  {one.title}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      <Questions bankId={bankId} />
    </Screen>
  );
}
