import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../api";
import { SearchBox } from "../parts/filters";
import { useWords } from "./words";

const OFFERED = 8;

/** Names that the words fit; one press chooses that person. */
export function People({ q, choose }: { q: string; choose: (userId: string) => void }) {
  const { t } = useWords();
  const found = useQuery({
    queryKey: ["members", "found", q],
    queryFn: () => take(api.GET("/api/directory/members/", { params: { query: { q, limit: OFFERED } } })),
    enabled: q !== "",
  });
  if (!q || !found.data) return null;
  if (found.data.items.length === 0) return <p className="hint">{t("noMembers")}</p>;
  return (
    <div className="chips" role="group" aria-label={t("people")}>
      {found.data.items.map((one) => (
        <button key={one.user_id} type="button" onClick={() => choose(one.user_id)}>
          <bdi>{one.display_name}</bdi>
          <span className="count">{one.chapter_name}</span>
        </button>
      ))}
    </div>
  );
}

/** A filter that takes a person's name, and holds whom one of the offered names stands for. */
export function PersonFilter({ label, value, change }: { label: string; value: string; change: (userId: string) => void }) {
  const { t } = useWords();
  const [q, setQ] = useState("");
  const chosen = useQuery({
    queryKey: ["member", value],
    queryFn: () => take(api.GET("/api/directory/members/{user_id}/", { params: { path: { user_id: value } } })),
    enabled: value !== "",
  });
  if (value) {
    return (
      <div className="filter">
        <span className="filter-name">{label}</span>
        <button type="button" onClick={() => change("")}>
          <bdi>{chosen.data?.display_name ?? value}</bdi>
          <span className="visually-hidden">{t("ofAll")}</span>
          <span aria-hidden="true">&ensp;×</span>
        </button>
      </div>
    );
  }
  return (
    <div className="filter grow">
      <SearchBox label={label} value={q} hint={t("nameHint")} change={setQ} />
      <People
        q={q}
        choose={(one) => {
          setQ("");
          change(one);
        }}
      />
    </div>
  );
}
