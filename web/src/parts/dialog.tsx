import { useEffect, useId, useRef, type ReactNode } from "react";
import { useWords } from "../i18n";
import { Failure } from "./basics";

/** What stands before everything else until it is answered. Escape closes it, and the focus goes back. */
export function Dialog(props: { title: string; close: () => void; wide?: boolean; children: ReactNode }) {
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = place.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={place}
      className={props.wide ? "wide" : ""}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.close();
      }}
    >
      <h2 id={id}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

/** Ask before something is done that cannot be taken back. */
export function Confirm(props: {
  title: string;
  children: ReactNode;
  action: string;
  keep?: string;
  busy?: boolean;
  error?: unknown;
  confirm: () => void;
  close: () => void;
}) {
  const { t } = useWords();
  return (
    <Dialog title={props.title} close={props.close}>
      {props.children}
      {props.error ? <Failure error={props.error} /> : null}
      <div className="buttons">
        <button type="button" onClick={props.close}>
          {props.keep ?? t("cancel")}
        </button>
        <button type="button" className="primary" disabled={props.busy} onClick={props.confirm}>
          {props.action}
        </button>
      </div>
    </Dialog>
  );
}
