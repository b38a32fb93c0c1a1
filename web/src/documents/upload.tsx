import { useMutation } from "@tanstack/react-query";
import { useId, useRef, useState, type DragEvent, type ReactNode } from "react";
import { Failure } from "../parts/basics";
import { errorsOf } from "../parts/problems";
import { upload, type Document } from "./documents";

export interface UploadWords {
  choose: string;
  drop: string;
  sending: string;
}

/** A place to drop a file on or to press. */
export function FilePlace(props: { label: string; accept: string; busy: boolean; take: (file: File) => void; children: ReactNode }) {
  const { label, accept, busy, take, children } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const choose = (files: FileList | null) => {
    const file = files?.[0];
    if (!file || busy) return;
    take(file);
    if (input.current) input.current.value = "";
  };
  const drag = (isOver: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(isOver);
  };
  return (
    <div
      className={over ? "upload over" : "upload"}
      onDragOver={drag(true)}
      onDragLeave={drag(false)}
      onDrop={(event) => {
        drag(false)(event);
        choose(event.dataTransfer.files);
      }}
    >
      <label htmlFor={id}>{label}</label>
      <input ref={input} id={id} type="file" accept={accept} disabled={busy} onChange={(event) => choose(event.target.files)} />
      {children}
    </div>
  );
}

/** Why a file was not taken; what the service says of it is more telling than a code. */
export function FileRefused({ error }: { error: unknown }) {
  return (
    <Failure error={error}>
      <ul className="bullets">
        {errorsOf(error).map((one) => (
          <li key={one.detail}>{one.detail}</li>
        ))}
      </ul>
    </Failure>
  );
}

/** Sends a file at once, and shows how much of it has gone. */
export function Upload(props: { label: string; accept: string; words: UploadWords; evidence?: boolean; uploaded: (document: Document) => void }) {
  const { label, accept, words, uploaded, evidence } = props;
  const [share, setShare] = useState(0);
  const send = useMutation({ mutationFn: (file: File) => upload(file, setShare, evidence), onSuccess: uploaded });
  const take = (file: File) => {
    setShare(0);
    send.mutate(file);
  };
  return (
    <FilePlace label={label} accept={accept} busy={send.isPending} take={take}>
      {send.isPending ? (
        <div className="progress" role="status">
          <progress max={1} value={share} aria-label={words.sending} />
          <span>{words.sending}</span>
        </div>
      ) : (
        <p className="hint">{words.drop}</p>
      )}
      {send.error ? <FileRefused error={send.error} /> : null}
    </FilePlace>
  );
}
