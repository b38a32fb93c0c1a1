import { useRef } from "react";
import { useWords } from "../i18n";
import type { Answer, Question } from "../learn/answers";
import { Icon } from "../parts/icons";

interface Field {
  question: Question;
  answer: Answer | undefined;
  give: (answer: Answer) => void;
  labelledBy: string;
}

/** What belongs together: to each part on the left one of the right is chosen. */
export function Matching({ question, answer, give, labelledBy }: Field) {
  const { t } = useWords();
  const chosen = answer?.matches ?? {};
  const choose = (left: string, right: string) => {
    const { [left]: _, ...others } = chosen;
    give({ question_id: question.id, matches: right ? { ...others, [left]: right } : others });
  };
  return (
    <ul className="pairs" aria-labelledby={labelledBy}>
      {question.left?.map((part) => (
        <li key={part.key}>
          <label htmlFor={`${question.id}-${part.key}`} dir="auto">
            {part.text}
          </label>
          <select id={`${question.id}-${part.key}`} value={chosen[part.key] ?? ""} onChange={(event) => choose(part.key, event.target.value)}>
            <option value="">{t("chooseMatch")}</option>
            {question.right?.map((one) => (
              <option key={one.key} value={one.key}>
                {one.text}
              </option>
            ))}
          </select>
        </li>
      ))}
    </ul>
  );
}

/** What comes after what: each part goes up or down, by press or by keyboard. */
export function Ordering({ question, answer, give, labelledBy }: Field) {
  const { t } = useWords();
  const place = useRef<HTMLOListElement>(null);
  const parts = new Map(question.items?.map((part) => [part.key, part.text]));
  const order = answer?.order?.length === parts.size ? answer.order : [...parts.keys()];
  const put = (next: string[]) => give({ question_id: question.id, order: next });
  const move = (from: number, by: 1 | -1) => {
    const next = [...order];
    const [key] = next.splice(from, 1);
    if (key === undefined) return;
    next.splice(from + by, 0, key);
    put(next);
    // The focus stays with the part that moved, on a button that still does something.
    const at = from + by;
    const wanted = at === 0 ? 1 : at === next.length - 1 ? -1 : by;
    requestAnimationFrame(() => place.current?.querySelector<HTMLElement>(`[data-move="${key} ${wanted}"]`)?.focus());
  };
  return (
    <>
      <ol className="ordering" ref={place} aria-labelledby={labelledBy}>
        {order.map((key, index) => (
          <li key={key}>
            <span className="ordering-number">{index + 1}</span>
            <span dir="auto" className="ordering-text">
              {parts.get(key)}
            </span>
            <Move name={t("moveUp", { text: parts.get(key) ?? "" })} icon="up" at={`${key} -1`} disabled={index === 0} move={() => move(index, -1)} />
            <Move name={t("moveDown", { text: parts.get(key) ?? "" })} icon="down" at={`${key} 1`} disabled={index === order.length - 1} move={() => move(index, 1)} />
          </li>
        ))}
      </ol>
      {answer?.order?.length ? null : (
        <button type="button" className="keep-order" onClick={() => put(order)}>
          {t("keepOrder")}
        </button>
      )}
    </>
  );
}

function Move({ name, icon, at, disabled, move }: { name: string; icon: "up" | "down"; at: string; disabled: boolean; move: () => void }) {
  return (
    <button type="button" className="bare" aria-label={name} data-move={at} disabled={disabled} onClick={move}>
      <Icon name={icon} />
    </button>
  );
}
