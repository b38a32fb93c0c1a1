import { useMutation } from "@tanstack/react-query";
import { useId, useRef, useState, type DragEvent } from "react";
import { Failure } from "../parts/basics";
import { upload, type Document } from "./documents";

export interface UploadWords {
  choose: string;
  drop: string;
  sending: string;
}

/** A place to drop a file on or to press; shows how much of it has gone. */
export function Upload(props: { label: string; accept: string; words: UploadWords; uploaded: (document: Document) => void }) {
  const { label, accept, words, uploaded } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [share, setShare] = useState(0);
  const [over, setOver] = useState(false);
  const send = useMutation({ mutationFn: (file: File) => upload(file, setShare), onSuccess: uploaded });
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (!file || send.isPending) return;
    setShare(0);
    send.mutate(file);
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
        take(event.dataTransfer.files);
      }}
    >
      <label htmlFor={id}>{label}</label>
      <input ref={input} id={id} type="file" accept={accept} disabled={send.isPending} onChange={(event) => take(event.target.files)} />
      {send.isPending ? (
        <div className="progress" role="status">
          <progress max={1} value={share} aria-label={words.sending} />
          <span>{words.sending}</span>
        </div>
      ) : (
        <p className="hint">{words.drop}</p>
      )}
      {send.error ? <Failure error={send.error} /> : null}
    </div>
  );
}
