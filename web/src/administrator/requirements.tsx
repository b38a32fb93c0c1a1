import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { CheckField } from "../parts/form";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { EVERYONE, readAudience, writeAudience } from "./audience";
import { AudienceField, describe } from "./audience-field";
import { useReach, useRequirements } from "./data";
import { Ask } from "./parts";
import { useWords, type Key } from "./words";

type Requirement = Schemas["RequirementOut"];
type Role = Requirement["linkable_by"][number];

const ROLES: Record<Role, Key> = { national_admin: "roleNational", regional_admin: "roleRegional", chapter_admin: "roleChapter" };

function Edit({ one, close }: { one: Requirement; close: () => void }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const stored = one.audience_filter ? readAudience(one.audience_filter) : EVERYONE;
  const [all, setAll] = useState(one.audience_filter === null);
  const [audience, setAudience] = useState(stored ?? EVERYONE);
  const [roles, setRoles] = useState<Role[]>(one.linkable_by);
  const save = useMutation({
    mutationFn: () => {
      const filter = all ? { audience_filter: null } : stored ? { audience_filter: writeAudience(audience) } : {};
      const body = { linkable_by: roles, ...filter } as Schemas["RequirementChangeIn"];
      return take(api.PATCH("/api/compliance-requirements/{requirement_id}/", { params: { path: { requirement_id: one.id } }, body }));
    },
    onSuccess: async () => {
      say(t("saved"));
      close();
      await queries.invalidateQueries();
    },
  });
  return (
    <Ask title={one.name} action={t("save")} busy={save.isPending} error={save.error} close={close} act={() => save.mutate()}>
      <CheckField label={t("allActive")} checked={all} change={setAll} />
      {all ? null : stored ? <AudienceField value={audience} change={setAudience} /> : <p className="notice warn">{t("ownFilterLead")}</p>}
      <fieldset className="field">
        <legend>{t("linkableBy")}</legend>
        {(Object.keys(ROLES) as Role[]).map((role) => (
          <CheckField
            key={role}
            label={t(ROLES[role])}
            checked={roles.includes(role)}
            change={(checked) => setRoles(checked ? [...roles, role] : roles.filter((other) => other !== role))}
          />
        ))}
      </fieldset>
    </Ask>
  );
}

/** What members must meet, which courses lead there, and whom it means. */
export function AdministeredRequirements() {
  const words = useWords();
  const { t } = words;
  const { national } = useReach();
  const [edited, setEdited] = useState<string>();
  const list = useRequirements();
  const one = list.data?.find((requirement) => requirement.id === edited);
  return (
    <Screen title={t("requirementsTitle")} lead={t("requirementsAdminLead")} wide>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.data?.length === 0 ? <Empty title={t("noRequirementsYet")}>{t("noRequirementsLead")}</Empty> : null}
      {list.data && list.data.length > 0 ? (
        <Table
          caption={t("requirementsTitle")}
          rows={list.data}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "requirement",
              title: t("requirement"),
              cell: (row) => (
                <Link to="/administer" search={{ requirement_id: row.id } as never}>
                  {row.name}
                </Link>
              ),
            },
            {
              key: "courses",
              title: t("coursesTitle"),
              cell: (row) => (row.courses.length === 0 ? <Pill tone="warn">{t("noCourseLinked")}</Pill> : row.courses.map((course) => course.title).join(", ")),
            },
            { key: "whom", title: t("whom"), cell: (row) => describe(row.audience_filter, words) },
            ...(national
              ? [
                  {
                    key: "edit",
                    title: t("actions"),
                    cell: (row: Requirement) => (
                      <button type="button" className="small" aria-label={t("editNamed", { name: row.name })} onClick={() => setEdited(row.id)}>
                        {t("edit")}
                      </button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      ) : null}
      {one ? <Edit one={one} close={() => setEdited(undefined)} /> : null}
    </Screen>
  );
}
