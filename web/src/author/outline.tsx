import { useState, type DragEvent, type ReactNode } from "react";
import { Icon } from "../parts/icons";
import { addItem, addModule, itemsOf, modulesOf, moveTo, newAssessment, newAttestation, newLesson, newQuiz, pointerOf, step, type Item, type Place, type Tree } from "./tree";
import { useWords } from "./words";

interface Outlined {
  tree: Tree;
  at: Place;
  /** Show a place that was chosen, or that is new. */
  choose: (place: Place, isNew?: boolean) => void;
  /** Follow a place that was moved. */
  go: (place: Place) => void;
  change: (change: (tree: Tree) => Tree) => void;
}

/** Once what was moved is drawn, its button has the focus again: it can go on with the same key. */
export function keepFocus(mark: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-step="${mark}"]`)?.focus());
}

/** Up and down for one place, by hand or by the keys of the button that has the focus. */
function Steps({ tree, place, name, go, change }: Omit<Outlined, "at" | "choose"> & { place: Place; name: string }) {
  const { t } = useWords();
  const move = (by: -1 | 1) => {
    const next = step(tree, place, by);
    change(() => next.tree);
    go(next.place);
    keepFocus(`${pointerOf(next.place)} ${by}`);
  };
  const at = pointerOf(place);
  return (
    <span className="steps-of">
      <button type="button" data-step={`${at} -1`} aria-label={t("moveUp", { name })} onClick={() => move(-1)}>
        <Icon name="up" />
      </button>
      <button type="button" data-step={`${at} 1`} aria-label={t("moveDown", { name })} onClick={() => move(1)}>
        <Icon name="down" />
      </button>
    </span>
  );
}

/** What is being dragged, and what it is over. */
interface Drag {
  place: Place | null;
  over: string | null;
}

/** A part of the course that can be dragged, and that others can be dropped on. */
function Dragged(props: Outlined & { place: Place; className: string; drag: Drag; setDrag: (drag: Drag) => void; children: ReactNode }) {
  const { tree, go, change, place, className, drag, setDrag, children } = props;
  const pointer = pointerOf(place);
  const within = (act: (event: DragEvent) => void) => (event: DragEvent) => {
    event.stopPropagation();
    act(event);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the buttons within do the same by keyboard
    <li
      className={drag.over === pointer ? `${className} over` : className}
      draggable
      onDragStart={within((event) => {
        // Firefox drags nothing that says nothing.
        event.dataTransfer.setData("text/plain", pointer);
        event.dataTransfer.effectAllowed = "move";
        setDrag({ place, over: null });
      })}
      onDragEnd={within(() => setDrag({ place: null, over: null }))}
      onDragOver={within((event) => {
        if (!drag.place) return;
        event.preventDefault();
        if (drag.over !== pointer) setDrag({ ...drag, over: pointer });
      })}
      onDrop={within((event) => {
        event.preventDefault();
        setDrag({ place: null, over: null });
        if (!drag.place) return;
        const next = moveTo(tree, drag.place, place);
        change(() => next.tree);
        go(next.place);
      })}
    >
      {children}
    </li>
  );
}

/** The course as a list: choose, move by mouse or keyboard, add. */
export function Outline(props: Outlined) {
  const { tree, at, choose, go, change } = props;
  const { t } = useWords();
  const [drag, setDrag] = useState<Drag>({ place: null, over: null });
  const modules = modulesOf(tree);
  const add = (module: number, item: Item) => {
    change((before) => addItem(before, module, item));
    choose({ kind: "item", module, item: itemsOf(modules[module]).length }, true);
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
            <Dragged key={module.key ?? index} {...props} place={place} className="outline-part" drag={drag} setDrag={setDrag}>
              <div className={isHere(place) ? "outline-module here" : "outline-module"}>
                <button type="button" className="outline-name" aria-current={isHere(place) ? "true" : undefined} onClick={() => choose(place)}>
                  <span>{name}</span>
                </button>
                <Steps tree={tree} place={place} name={name} go={go} change={change} />
              </div>
              <ol>
                {itemsOf(module).map((item, itemIndex) => {
                  const where: Place = { kind: "item", module: index, item: itemIndex };
                  const title = item.title || t("untitled");
                  return (
                    <Dragged
                      key={item.key ?? itemIndex}
                      {...props}
                      place={where}
                      className={isHere(where) ? "outline-item here" : "outline-item"}
                      drag={drag}
                      setDrag={setDrag}
                    >
                      <button type="button" className="outline-name" aria-current={isHere(where) ? "true" : undefined} onClick={() => choose(where)}>
                        <Icon name={item.kind} />
                        <span>{title}</span>
                      </button>
                      <Steps tree={tree} place={where} name={title} go={go} change={change} />
                    </Dragged>
                  );
                })}
              </ol>
              <div className="outline-add">
                <button type="button" className="small" onClick={() => add(index, newLesson(t("newLesson")))}>
                  {t("addLesson")}
                </button>
                <button type="button" className="small" onClick={() => add(index, newAttestation(t("newAttestation")))}>
                  {t("addAttestation")}
                </button>
                <button type="button" className="small" onClick={() => add(index, newQuiz(t("newQuiz")))}>
                  {t("addQuiz")}
                </button>
              </div>
            </Dragged>
          );
        })}
      </ol>
      <div className="outline-add">
        <button
          type="button"
          className="small"
          onClick={() => {
            change((before) => addModule(before, t("newModule")));
            choose({ kind: "module", module: modules.length }, true);
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
              choose({ kind: "assessment" }, true);
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
