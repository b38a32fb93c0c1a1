import { createContext, use, useEffect, useId, useMemo, useRef, useState, type ComponentProps, type ReactNode } from "react";
import { useWords } from "../i18n";
import { Failure } from "./basics";
import { errorsOf, tellField } from "./problems";

interface Refused {
  at: (pointer: string) => string | null;
  claim: (pointer: string) => () => void;
}

const NOTHING: Refused = { at: () => null, claim: () => () => undefined };
const Context = createContext<Refused>(NOTHING);

/**
 * A form. What the service refused stands beside the field that its pointer names, the rest above the button; the first
 * wrong field has the focus.
 */
export function Form(props: { send: () => void; error: unknown; children: ReactNode; className?: string }) {
  const { send, error, children } = props;
  const words = useWords();
  const place = useRef<HTMLFormElement>(null);
  // Which pointers have a field here; filled by the fields themselves before anything is sent.
  const [claimed] = useState(() => new Set<string>());
  const refused = useMemo<Refused>(
    () => ({
      at(pointer) {
        const wrong = errorsOf(error).find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
        return wrong ? tellField(wrong, words) : null;
      },
      claim(pointer) {
        claimed.add(pointer);
        return () => void claimed.delete(pointer);
      },
    }),
    [claimed, error, words],
  );
  useEffect(() => {
    if (error) place.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  return (
    <Context value={refused}>
      <form
        ref={place}
        className={props.className ?? "form"}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {children}
        {error ? <Refusal error={error} claimed={claimed} /> : null}
      </form>
    </Context>
  );
}

function Refusal({ error, claimed }: { error: unknown; claimed: ReadonlySet<string> }) {
  const words = useWords();
  const isShown = (pointer: string) => [...claimed].some((one) => pointer === one || pointer.startsWith(`${one}/`));
  const others = errorsOf(error).filter((one) => !isShown(one.pointer));
  return (
    <Failure error={error}>
      {others.length > 0 ? (
        <ul className="bullets">
          {others.map((one) => (
            <li key={`${one.pointer} ${one.code}`}>
              {one.pointer ? <code>{one.pointer}</code> : null} {tellField(one, words)}
            </li>
          ))}
        </ul>
      ) : null}
    </Failure>
  );
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** Where the service's refusals name this field: `/title`. */
  pointer?: string;
  /** What is wrong with it before anything is sent. */
  wrong?: string | null;
}

interface Wired {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

/** A label, what there is to know, what is wrong, and the control between them. */
export function Field(props: FieldProps & { children: (wired: Wired) => ReactNode }) {
  const { label, hint, pointer, children } = props;
  const id = useId();
  const refused = use(Context);
  const { claim } = refused;
  useEffect(() => (pointer ? claim(pointer) : undefined), [pointer, claim]);
  const wrong = props.wrong ?? (pointer ? refused.at(pointer) : null);
  const told = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  return (
    <div className={wrong ? "control wrong" : "control"}>
      <label htmlFor={id}>{label}</label>
      {hint ? (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {children({ id, "aria-describedby": told || undefined, "aria-invalid": wrong ? true : undefined })}
      {wrong ? (
        <p className="wrong-text" id={`${id}-wrong`}>
          {wrong}
        </p>
      ) : null}
    </div>
  );
}

type Control<E extends "input" | "textarea"> = FieldProps &
  Omit<ComponentProps<E>, "id" | "value" | "onChange"> & { value: string; change: (value: string) => void };

export function TextField({ label, hint, pointer, wrong, value, change, ...rest }: Control<"input">) {
  return (
    <Field label={label} hint={hint} {...(pointer ? { pointer } : {})} wrong={wrong ?? null}>
      {(wired) => <input type="text" dir="auto" {...rest} {...wired} value={value} onChange={(event) => change(event.target.value)} />}
    </Field>
  );
}

export function TextArea({ label, hint, pointer, wrong, value, change, ...rest }: Control<"textarea">) {
  return (
    <Field label={label} hint={hint} {...(pointer ? { pointer } : {})} wrong={wrong ?? null}>
      {(wired) => <textarea dir="auto" rows={5} {...rest} {...wired} value={value} onChange={(event) => change(event.target.value)} />}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
}

export function SelectField(props: FieldProps & { value: string; options: readonly Option[]; change: (value: string) => void }) {
  const { label, hint, pointer, wrong, value, options, change } = props;
  return (
    <Field label={label} hint={hint} {...(pointer ? { pointer } : {})} wrong={wrong ?? null}>
      {(wired) => (
        <select {...wired} value={value} onChange={(event) => change(event.target.value)}>
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckField({ label, hint, checked, change, disabled }: { label: string; hint?: ReactNode; checked: boolean; change: (checked: boolean) => void; disabled?: boolean }) {
  return (
    <label className="choice">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => change(event.target.checked)} />
      <span>
        {label}
        {hint ? <small className="required">{hint}</small> : null}
      </span>
    </label>
  );
}
