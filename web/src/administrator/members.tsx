import { Link } from "@tanstack/react-router";
import { api, take } from "../api";
import { Empty, Failure, Loading, Screen } from "../parts/basics";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { useChapters, useFacets, useRegions } from "./data";
import { given, offer, statusName } from "./parts";
import { useWords } from "./words";

const SORTS = ["display_name", "-display_name", "status"] as const;

export function Members() {
  const { t } = useWords();
  const [filters, change] = useFilters();
  const chapters = useChapters();
  const regions = useRegions();
  const facets = useFacets();
  const asked = given(filters, ["q", "chapter_id", "region_id", "status"]);
  const order = SORTS.find((one) => one === filters["sort"]) ?? "display_name";
  const list = usePages(["members", asked, order], (cursor) =>
    take(api.GET("/api/directory/members/", { params: { query: { ...asked, sort: order, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Screen title={t("members")} wide>
      <Filters>
        <SearchBox label={t("findMember")} value={filters.q ?? ""} change={(q) => change({ q })} />
        {(regions.data?.length ?? 0) > 1 ? (
          <Choose label={t("region")} value={filters.region_id ?? ""} options={offer(regions.data, t("allRegions"))} change={(value) => change({ region_id: value, chapter_id: undefined })} />
        ) : null}
        <Choose
          label={t("chapter")}
          value={filters.chapter_id ?? ""}
          options={offer(chapters.data?.filter((one) => !filters.region_id || one.region_id === filters.region_id), t("allChapters"))}
          change={(value) => change({ chapter_id: value })}
        />
        <Choose
          label={t("status")}
          value={filters.status ?? ""}
          options={offer(facets.data?.statuses.map((id) => ({ id, name: statusName(id) })), t("allStatuses"))}
          change={(value) => change({ status: value })}
        />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noMembers")}>{t("noMatchLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("members")}
          rows={list.items}
          rowKey={(row) => row.user_id}
          sort={{ by: order, change: (sort) => change({ sort }) }}
          columns={[
            {
              key: "person", title: t("person"), sort: "display_name",
              cell: (row) => (
                <>
                  <Link to="/administer/members/$userId" params={{ userId: row.user_id }}>
                    <bdi>{row.display_name}</bdi>
                  </Link>
                  <small className="under">{row.email}</small>
                </>
              ),
            },
            { key: "chapter", title: t("chapter"), cell: (row) => row.chapter_name },
            { key: "status", title: t("status"), sort: "status", cell: (row) => statusName(row.status) },
            {
              key: "enrollments", title: t("enrollments"),
              cell: (row) => (
                <Link to="/administer/enrollments" search={{ user_id: row.user_id } as never} aria-label={t("enrollmentsOf", { name: row.display_name })}>
                  {t("enrollments")}
                </Link>
              ),
            },
          ]}
        />
      ) : null}
      <More list={list} />
    </Screen>
  );
}
