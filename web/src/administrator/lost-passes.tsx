import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Failure } from "../parts/basics";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { AskReason } from "./parts";
import { useWords } from "./words";

type Pass = Schemas["LostPassOut"];
type Decision = Schemas["LostPassDecisionIn"]["decision"];
type Asked = { decision: Decision; one: Pass };

/** Whose pass it is; the list knows the person's id only. */
function Person({ one }: { one: Pass }) {
  const enrollment = useQuery({
    queryKey: ["enrollment", one.enrollment_id],
    queryFn: () => take(api.GET("/api/enrollments/{enrollment_id}/", { params: { path: { enrollment_id: one.enrollment_id } } })),
  });
  return (
    <Link to="/administer/enrollments/$enrollmentId" params={{ enrollmentId: one.enrollment_id }}>
      <bdi>{enrollment.data?.display_name ?? one.user_id}</bdi>
    </Link>
  );
}

function Decide({ asked, close }: { asked: Asked; close: () => void }) {
  const { t } = useWords();
  const { decision, one } = asked;
  const say = useToast();
  const queries = useQueryClient();
  const params = { path: { enrollment_id: one.enrollment_id } };
  const act = useMutation({
    mutationFn: (reason: string) => take(api.POST("/api/learning/grading/lost-passes/{enrollment_id}/", { params, body: { decision, reason } })),
    onSuccess: async () => {
      say(t(decision === "keep" ? "passKept" : "passRevoked"));
      close();
      await queries.invalidateQueries();
    },
  });
  const revoke = decision === "revoke";
  return (
    <AskReason
      title={t(revoke ? "revokePassAsk" : "keepPassAsk", { course: one.course_title })}
      lead={t(revoke ? "revokePassLead" : "keepPassLead")}
      action={t(revoke ? "revokePass" : "keepPass")}
      danger={revoke}
      busy={act.isPending}
      error={act.error}
      close={close}
      act={(reason) => act.mutate(reason)}
    />
  );
}

/** Passes that a correction has put in doubt, until a person decides; nothing where there are none. */
export function LostPasses() {
  const { t, day } = useWords();
  const [asked, setAsked] = useState<Asked>();
  const list = usePages(["lost-passes"], (cursor) =>
    take(api.GET("/api/learning/grading/lost-passes/", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  if (list.error) return <Failure error={list.error} again={() => void list.refetch()} />;
  if (!list.items || list.items.length === 0) return null;
  return (
    <section>
      <h2 className="section">{t("lostPasses")}</h2>
      <p>{t("lostPassesLead")}</p>
      <Table
        caption={t("lostPasses")}
        rows={list.items}
        rowKey={(row) => row.id}
        columns={[
          { key: "person", title: t("person"), cell: (row) => <Person one={row} /> },
          {
            key: "course",
            title: t("course"),
            cell: (row) => (
              <>
                {row.course_title}
                <small className="under">{row.quiz_title}</small>
              </>
            ),
          },
          { key: "found", title: t("foundDay"), brief: true, cell: (row) => day(row.found_at) },
          {
            key: "actions",
            title: t("actions"),
            cell: (row) => (
              <div className="row-actions">
                <button type="button" onClick={() => setAsked({ decision: "keep", one: row })}>
                  {t("keepPass")}
                </button>
                <button type="button" onClick={() => setAsked({ decision: "revoke", one: row })}>
                  {t("revokePass")}
                </button>
              </div>
            ),
          },
        ]}
      />
      <More list={list} />
      {asked ? <Decide asked={asked} close={() => setAsked(undefined)} /> : null}
    </section>
  );
}
