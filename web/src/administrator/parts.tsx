import { useState, type ReactNode } from "react";
import { Dialog } from "../parts/dialog";
import { Form, TextArea, type Option } from "../parts/form";
import { useWords } from "./words";

interface Named {
  id: string;
  name?: string;
  title?: string;
}

/** What a field offers: `none` stands for any, where there is such a choice. */
export function offer(items: readonly Named[] | undefined, none?: string): Option[] {
  const all = (items ?? []).map((one) => ({ value: one.id, label: one.name ?? one.title ?? one.id }));
  return none === undefined ? all : [{ value: "", label: none }, ...all];
}

/** A member's status as people read it: the directory writes `new_member`. */
export const statusName = (status: string): string => status.replaceAll("_", " ");

/** The filters that are set, by the names that the service knows them by. */
export function given(filters: Readonly<Record<string, string | undefined>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (filters[name] ? [[name, filters[name]]] : [])));
}

/** A dialog that asks for what has to be said before something is done, and does it. */
export function Ask(props: {
  title: string;
  lead?: string;
  action: string;
  danger?: boolean;
  busy: boolean;
  error: unknown;
  close: () => void;
  act: () => void;
  children?: ReactNode;
}) {
  const { t } = useWords();
  return (
    <Dialog title={props.title} close={props.close}>
      {props.lead ? <p>{props.lead}</p> : null}
      <Form send={props.act} error={props.error}>
        {props.children}
        <div className="buttons">
          <button type="button" onClick={props.close}>
            {t("cancel")}
          </button>
          <button type="submit" className={props.danger ? "primary danger" : "primary"} disabled={props.busy}>
            {props.action}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

/** As `Ask`, for what needs a reason that is kept. */
export function AskReason(props: Omit<Parameters<typeof Ask>[0], "act"> & { act: (reason: string) => void }) {
  const { t } = useWords();
  const { act, children, ...rest } = props;
  const [reason, setReason] = useState("");
  return (
    <Ask {...rest} act={() => act(reason.trim())}>
      {children}
      <TextArea label={t("reason")} hint={t("reasonHint")} pointer="/reason" rows={2} maxLength={2000} value={reason} change={setReason} />
    </Ask>
  );
}

export function Figure(props: { name: string; value: ReactNode; tone?: string; lead?: string }) {
  return (
    <div className={`figure ${props.tone ?? ""}`}>
      <dt>{props.name}</dt>
      <dd>
        {props.value}
        {props.lead ? <small>{props.lead}</small> : null}
      </dd>
    </div>
  );
}

export interface Share {
  name: string;
  value: number;
  tone: "good" | "accent" | "warn" | "bad" | "plain";
}

/** One bar out of shares; whoever does not see it hears the numbers. */
export function Bar({ shares, total }: { shares: Share[]; total: number }) {
  const shown = shares.filter((share) => share.value > 0);
  const width = (value: number) => `${total === 0 ? 0 : (100 * value) / total}%`;
  return (
    <div className="bar" role="img" aria-label={shown.map((share) => `${share.name} ${share.value}`).join(", ") || "0"}>
      {shown.map((share) => (
        <span key={share.name} className={share.tone} style={{ width: width(share.value) }} />
      ))}
    </div>
  );
}

export function Legend({ shares }: { shares: Share[] }) {
  return (
    <ul className="legend" aria-hidden="true">
      {shares.map((share) => (
        <li key={share.name}>
          <span className={`swatch ${share.tone}`} />
          {share.name}
        </li>
      ))}
    </ul>
  );
}
