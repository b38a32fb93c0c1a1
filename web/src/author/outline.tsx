import { useState, type DragEvent } from "react";
import { Icon } from "../parts/icons";
import { addItem, addModule, itemsOf, modulesOf, moveItem, newAssessment, newLesson, newQuiz, pointerOf, step, type Item, type Place, type Tree } from "./tree";
import { useWords } from "./words";

interface Outlined {
  tree: Tree;
  at: Place;
  /** Show a place that was chosen. */
  choose: (place: Place) => void;
  /** Follow a place that was moved. */
  go: (place: Place) => void;
  change: (change: (tree: Tree) => Tree) => void;
}

/** Up and down for one place, by hand or by the keys of the button that has the focus. */
function Steps({ tree, place, name, go, change }: Omit<Outlined, "at" | "choose"> & { place: Place; name: string }) {
  const { t } = useWords();
  const move = (by: -1 | 1) => {
    const next = step(tree, place, by);
    change(() => next.tree);
    go(next.place);
  };
  return (
    <span className="steps-of">
      <button type="button" aria-label={t("moveUp", { name })} onClick={() => move(-1)}>
        <Icon name="up" />
      </button>
      <button type="button" aria-label={t("moveDown", { name })} onClick={() => move(1)}>
        <Icon name="down" />
      </button>
    </span>
  );
}

function Row({ item, place, drag, ...rest }: Outlined & { item: Item; place: Place; drag: { start: () => void; drop: () => void } }) {
  const { t } = useWords();
  const here = pointerOf(rest.at) === pointerOf(place);
  const name = item.title || t("untitled");
  const over = (event: DragEvent) => event.preventDefault();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the buttons within do the same by keyboard
    <li
      className={here ? "outline-item here" : "outline-item"}
      draggable
      onDragStart={drag.start}
      onDragOver={over}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        drag.drop();
      }}
    >
      <button type="button" className="outline-name" aria-current={here ? "true" : undefined} onClick={() => rest.choose(place)}>
        <Icon name={item.kind === "lesson" ? "lesson" : "quiz"} />
        <span>{name}</span>
      </button>
      <Steps {...rest} place={place} name={name} />
    </li>
  );
}

/** The course as a list: choose, move by mouse or keyboard, add. */
export function Outline(props: Outlined) {
  const { tree, at, choose, go, change } = props;
  const { t } = useWords();
  const [dragged, setDragged] = useState<{ module: number; item: number } | null>(null);
  const modules = modulesOf(tree);
  const drop = (to: { module: number; item: number }) => {
    if (!dragged) return;
    change((before) => moveItem(before, dragged, to));
    setDragged(null);
    go({ kind: "item", ...to });
  };
  const add = (module: number, item: Item) => {
    change((before) => addItem(before, module, item));
    choose({ kind: "item", module, item: itemsOf(modules[module]).length });
  };
  const isHere = (place: Place) => pointerOf(at) === pointerOf(place);
  return (
    <nav className="outline" aria-label={t("outline")}>
      <button type="button" className="outline-name top-name" aria-current={isHere({ kind: "course" }) ? "true" : undefined} onClick={() => choose({ kind: "course" })}>
        {t("aboutCourse")}
      </button>
      <ol>
        {modules.map((module, index) => {
          const place: Place = { kind: "module", module: index };
          const name = module.title || t("untitled");
          return (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the buttons within do the same by keyboard
            <li key={module.key ?? index} onDragOver={(event) => event.preventDefault()} onDrop={() => drop({ module: index, item: itemsOf(module).length })}>
              <div className={isHere(place) ? "outline-module here" : "outline-module"}>
                <button type="button" className="outline-name" aria-current={isHere(place) ? "true" : undefined} onClick={() => choose(place)}>
                  <span>{name}</span>
                </button>
                <Steps tree={tree} place={place} name={name} go={go} change={change} />
              </div>
              <ol>
                {itemsOf(module).map((item, itemIndex) => {
                  const where = { module: index, item: itemIndex };
                  return (
                    <Row
                      key={item.key ?? itemIndex}
                      {...props}
                      item={item}
                      place={{ kind: "item", ...where }}
                      drag={{ start: () => setDragged(where), drop: () => drop(where) }}
                    />
                  );
                })}
              </ol>
              <div className="outline-add">
                <button type="button" className="small" onClick={() => add(index, newLesson(t("newLesson")))}>
                  {t("addLesson")}
                </button>
                <button type="button" className="small" onClick={() => add(index, newQuiz(t("newQuiz")))}>
                  {t("addQuiz")}
                </button>
              </div>
            </li>
          );
        })}
      </ol>
      <div className="outline-add">
        <button
          type="button"
          className="small"
          onClick={() => {
            change((before) => addModule(before, t("newModule")));
            choose({ kind: "module", module: modules.length });
          }}
        >
          {t("addModule")}
        </button>
        {tree.assessment ? null : (
          <button
            type="button"
            className="small"
            onClick={() => {
              change((before) => ({ ...before, assessment: newAssessment(t("finalAssessment")) }));
              choose({ kind: "assessment" });
            }}
          >
            {t("addAssessment")}
          </button>
        )}
      </div>
      {tree.assessment ? (
        <button type="button" className="outline-name top-name" aria-current={isHere({ kind: "assessment" }) ? "true" : undefined} onClick={() => choose({ kind: "assessment" })}>
          <Icon name="assessment" />
          <span>{tree.assessment.title || t("finalAssessment")}</span>
        </button>
      ) : null}
    </nav>
  );
}
