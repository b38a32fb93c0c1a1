import { Link } from "@tanstack/react-router";
import { api, take } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, useFilters } from "../parts/filters";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { useChapters, useCourses } from "./data";
import { SaveFile } from "./file";
import { given, offer } from "./parts";
import { PersonFilter } from "./person-filter";
import { useWords } from "./words";

const PATH = "/api/attestations/signatures/";
const NAMES = ["course_id", "chapter_id", "user_id", "outdated"];

/** Who has signed which text, under which name and when, and whose text has changed since. */
export function Signatures() {
  const { t, moment } = useWords();
  const [filters, change] = useFilters();
  const courses = useCourses();
  const chapters = useChapters();
  const asked = given(filters, NAMES);
  const { outdated, ...others } = asked;
  const query = { ...others, ...(outdated ? { outdated: outdated === "true" } : {}) };
  const list = usePages(["signatures", asked], (cursor) =>
    take(api.GET(PATH, { params: { query: { ...query, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  const texts = [
    { value: "", label: t("allTexts") },
    { value: "false", label: t("textStands") },
    { value: "true", label: t("textChanged") },
  ];
  return (
    <Screen title={t("signatures")} lead={t("signaturesLead")} wide>
      <Filters>
        <PersonFilter label={t("findPerson")} value={filters["user_id"] ?? ""} change={(value) => change({ user_id: value })} />
        <Choose label={t("course")} value={filters["course_id"] ?? ""} options={offer(courses.data, t("allCourses"))} change={(value) => change({ course_id: value })} />
        <Choose label={t("chapter")} value={filters["chapter_id"] ?? ""} options={offer(chapters.data, t("allChapters"))} change={(value) => change({ chapter_id: value })} />
        <Choose label={t("signedText")} value={filters["outdated"] ?? ""} options={texts} change={(value) => change({ outdated: value })} />
        <SaveFile path={PATH} query={asked} name="signatures" />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noSignatures")}>{t("noSignaturesLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("signatures")}
          rows={list.items}
          rowKey={(row) => `${row.enrollment_id} ${row.attestation_key} ${row.text_hash}`}
          columns={[
            {
              key: "person",
              title: t("person"),
              cell: (row) => (
                <>
                  <Link to="/administer/members/$userId" params={{ userId: row.user_id }}>
                    <bdi>{row.display_name ?? row.user_id}</bdi>
                  </Link>
                  <small className="under">{row.chapter_name}</small>
                </>
              ),
            },
            { key: "name", title: t("typedAs"), cell: (row) => <bdi>{row.typed_name ?? "–"}</bdi> },
            {
              key: "attestation",
              title: t("attestation"),
              cell: (row) => (
                <span>
                  {row.attestation_title ?? "–"}
                  {row.version === null ? null : <small className="under">{t("versionNumber", { number: row.version })}</small>}
                </span>
              ),
            },
            {
              key: "course",
              title: t("course"),
              cell: (row) => (
                <Link to="/administer/enrollments/$enrollmentId" params={{ enrollmentId: row.enrollment_id }}>
                  {row.course_title}
                </Link>
              ),
            },
            { key: "signed", title: t("signedAt"), brief: true, cell: (row) => moment(row.signed_at) },
            {
              key: "text",
              title: t("signedText"),
              cell: (row) => (row.outdated ? <Pill tone="warn">{t("textChanged")}</Pill> : <Pill tone="good">{t("textStands")}</Pill>),
            },
          ]}
        />
      ) : null}
      <More list={list} />
    </Screen>
  );
}
