import type { ReactNode } from "react";
import { useWords } from "../i18n";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** The word of `?sort=` by which the service sorts by this column; `-` before it turns the order. */
  sort?: string;
  number?: boolean;
  /** What stands in it is short, such as a day, and is not broken into lines. */
  brief?: boolean;
}

interface Selection {
  chosen: ReadonlySet<string>;
  choose: (keys: ReadonlySet<string>) => void;
  /** What a row is called, for those who do not see it. */
  name: (key: string) => string;
}

/** A table; where the window is narrow each row is a card, the first column its title. */
export function Table<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  sort?: { by: string; change: (by: string) => void };
  selection?: Selection;
}) {
  const { caption, columns, rows, rowKey, sort, selection } = props;
  const { t } = useWords();
  const keys = rows.map(rowKey);
  const all = keys.length > 0 && keys.every((key) => selection?.chosen.has(key));
  // The roles are said because the narrow form changes how the elements are displayed, which would take them away.
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by the keyboard
    <div className="table-place" role="region" aria-label={caption} tabIndex={0}>
      <table className="table" role="table" aria-label={caption}>
        <thead role="rowgroup">
          <tr role="row">
            {selection ? (
              <th role="columnheader" scope="col" className="pick">
                <input type="checkbox" aria-label={t("chooseAll")} checked={all} onChange={() => selection.choose(new Set(all ? [] : keys))} />
              </th>
            ) : null}
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <Row key={rowKey(row)} row={row} id={rowKey(row)} columns={columns} selection={selection} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head<T>({ column, sort }: { column: Column<T>; sort: { by: string; change: (by: string) => void } | undefined }) {
  const look = column.number ? "number" : "";
  if (!sort || !column.sort) {
    return (
      <th role="columnheader" scope="col" className={look}>
        {column.title}
      </th>
    );
  }
  const up = sort.by === column.sort;
  const down = sort.by === `-${column.sort}`;
  return (
    <th role="columnheader" scope="col" className={look} aria-sort={up ? "ascending" : down ? "descending" : "none"}>
      <button type="button" className="sort" onClick={() => sort.change(up ? `-${column.sort}` : (column.sort ?? ""))}>
        {column.title}
        <span aria-hidden="true">{up ? "↑" : down ? "↓" : "↕"}</span>
      </button>
    </th>
  );
}

function Row<T>({ row, id, columns, selection }: { row: T; id: string; columns: readonly Column<T>[]; selection: Selection | undefined }) {
  const toggle = () => {
    const next = new Set(selection?.chosen);
    if (!next.delete(id)) next.add(id);
    selection?.choose(next);
  };
  return (
    <tr role="row">
      {selection ? (
        <td role="cell" className="pick">
          <input type="checkbox" aria-label={selection.name(id)} checked={selection.chosen.has(id)} onChange={toggle} />
        </td>
      ) : null}
      {columns.map((column, index) =>
        index === 0 ? (
          <th key={column.key} role="rowheader" scope="row">
            {column.cell(row)}
          </th>
        ) : (
          <td key={column.key} role="cell" className={column.number ? "number" : column.brief ? "brief" : ""} data-label={column.title}>
            {column.cell(row)}
          </td>
        ),
      )}
    </tr>
  );
}
