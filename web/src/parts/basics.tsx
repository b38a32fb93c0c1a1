import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { fileAddress, Problem } from "../api";
import { useWords } from "../i18n";
import { tell } from "./problems";

/** A screen: its one heading, which takes the focus when the screen opens, and the document's title. */
export function Screen(props: { title: string; lead?: ReactNode; wide?: boolean; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { t } = useWords();
  const { title } = props;
  useEffect(() => {
    document.title = `${title} · ${t("learning")}`;
  }, [title, t]);
  useEffect(() => {
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={props.wide ? "screen wide" : "screen"}>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {props.lead ? <div className="lead">{props.lead}</div> : null}
      {props.children}
    </div>
  );
}

/** Stands where something will be, in about its shape; not seen when the answer comes at once. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const { t } = useWords();
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">{t("loading")}</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="bone" aria-hidden="true" />
      ))}
    </div>
  );
}

/** What went wrong and what to do, in words, with a way to go on. */
export function Failure({ error, again, children }: { error: unknown; again?: () => void; children?: ReactNode }) {
  const words = useWords();
  if (error instanceof Problem && error.status === 404) return <NotHere />;
  const { said, detail } = tell(error, words);
  return (
    <div className="notice bad" role="alert">
      <p>{said}</p>
      {detail ? <p className="hint">{detail}</p> : null}
      {children}
      {again ? (
        <button type="button" onClick={again}>
          {words.t("tryAgain")}
        </button>
      ) : null}
    </div>
  );
}

/** In place of a screen that does not exist or is not open to this person. */
export function NotHere({ children }: { children?: ReactNode }) {
  const { t } = useWords();
  return (
    <Screen title={t("notFound")} lead={t("notFoundLead")}>
      {children}
    </Screen>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      <div>{children}</div>
    </div>
  );
}

export type Tone = "plain" | "good" | "warn" | "bad" | "accent";

export function Pill({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`pill ${tone}`}>{children}</span>;
}

export function Progress({ percent, label }: { percent: number; label: string }) {
  return (
    <div className="progress">
      <progress max={100} value={percent} aria-label={label} />
      <span>{label}</span>
    </div>
  );
}

const OUR_PICTURE = /\bsrc="(\/api\/documents\/[^"]*)"/;

/** Rich text that the service has sanitized when it was written; its own pictures come by their short-lived addresses. */
export function Rich({ html, id }: { html: string; id?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => ({ __html: html.replaceAll(new RegExp(OUR_PICTURE, "g"), 'data-file="$1"') }), [html]);
  useEffect(() => {
    if (!OUR_PICTURE.test(html)) return;
    for (const picture of place.current?.querySelectorAll<HTMLImageElement>("img[data-file]") ?? []) {
      const path = picture.dataset["file"];
      if (path) fileAddress(path).then((address) => picture.setAttribute("src", address), () => undefined);
    }
  }, [html]);
  // oxlint-disable-next-line react/no-danger -- the service lets through an allow-list alone
  return <div ref={place} className="prose" id={id} dangerouslySetInnerHTML={shown} />;
}

/** The words of rich text, without its marks. */
export function plain(html: string): string {
  return new DOMParser().parseFromString(html.replaceAll("</", " </"), "text/html").body.textContent.replace(/\s+/g, " ").trim();
}
