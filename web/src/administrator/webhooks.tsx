import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, done, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen, type Tone } from "../parts/basics";
import { Confirm, Dialog } from "../parts/dialog";
import { CheckField, TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { Ask } from "./parts";
import { useWords, type Key } from "./words";

type Hook = Schemas["WebhookOut"];
type Event = Schemas["WebhookIn"]["event_types"][number];
type Delivery = Schemas["DeliveryOut"];

const EVENTS: readonly Event[] = [
  "learning.enrollment.assigned",
  "learning.enrollment.reminder_due",
  "learning.enrollment.overdue",
  "learning.course.completed",
  "learning.course.failed",
  "learning.completion.updated",
  "learning.attempt.graded",
  "learning.certificate.issued",
  "learning.certificate.revoked",
  "learning.compliance.completed",
  "learning.compliance.exempted",
  "learning.compliance.exemption_ended",
  "learning.compliance.expired",
  "learning.compliance.revoked",
  "learning.skill.mastered",
];
const DELIVERY: Record<Delivery["status"], { key: Key; tone: Tone }> = {
  pending: { key: "deliveryPending", tone: "accent" },
  delivered: { key: "deliveryDone", tone: "good" },
  failed: { key: "deliveryFailed", tone: "bad" },
};

function New({ close, made }: { close: () => void; made: (secret: string | null) => void }) {
  const { t } = useWords();
  const queries = useQueryClient();
  const [url, setUrl] = useState("https://");
  const [events, setEvents] = useState<Event[]>(["learning.course.completed"]);
  const make = useMutation({
    mutationFn: () => take(api.POST("/api/webhooks/", { body: { url, event_types: events } })),
    onSuccess: async (hook) => {
      made(hook.secret ?? null);
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <Ask title={t("newWebhook")} action={t("make")} busy={make.isPending} error={make.error} close={close} act={() => make.mutate()}>
      <TextField label={t("address")} hint={t("addressHint")} pointer="/url" type="url" dir="ltr" value={url} change={setUrl} />
      <fieldset className="field">
        <legend>{t("events")}</legend>
        {EVENTS.map((one) => (
          <CheckField key={one} label={one} checked={events.includes(one)} change={(checked) => setEvents(checked ? [...events, one] : events.filter((other) => other !== one))} />
        ))}
      </fieldset>
    </Ask>
  );
}

/** A secret that is shown once; after this it can only be replaced. The answer to a repeated request has none. */
function Secret({ secret, close }: { secret: string | null; close: () => void }) {
  const { t } = useWords();
  const [copied, setCopied] = useState(false);
  if (secret === null)
    return (
      <Dialog title={t("secretTitle")} close={close}>
        <p>{t("secretLost")}</p>
        <div className="buttons">
          <button type="button" className="primary" onClick={close}>
            {t("done")}
          </button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={t("secretTitle")} close={close}>
      <p>{t("secretLead")}</p>
      <p className="secret">
        <code>{secret}</code>
      </p>
      <div className="buttons">
        <button type="button" onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>
          {t(copied ? "copied" : "copy")}
        </button>
        <button type="button" className="primary" onClick={close}>
          {t("done")}
        </button>
      </div>
    </Dialog>
  );
}

function Deliveries({ hook }: { hook: Hook }) {
  const { t, moment } = useWords();
  const queries = useQueryClient();
  const params = { path: { webhook_id: hook.id } };
  const list = usePages(["webhooks", hook.id, "deliveries"], (cursor) =>
    take(api.GET("/api/webhooks/{webhook_id}/deliveries/", { params: { ...params, query: { limit: 20, ...(cursor ? { cursor } : {}) } } })),
  );
  const replay = useMutation({
    mutationFn: (id: string) =>
      take(api.POST("/api/webhooks/{webhook_id}/deliveries/{delivery_id}/replay/", { params: { path: { ...params.path, delivery_id: id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", hook.id] }),
  });
  if (list.error ?? replay.error) return <Failure error={list.error ?? replay.error} again={() => void list.refetch()} />;
  if (!list.items) return <Loading lines={2} />;
  if (list.items.length === 0) return <p className="hint">{t("noDeliveries")}</p>;
  return (
    <>
      <Table
        caption={t("deliveries")}
        rows={list.items}
        rowKey={(row) => row.id}
        columns={[
          { key: "event", title: t("event"), cell: (row) => row.event_type.replace("learning.", "") },
          { key: "status", title: t("status"), cell: (row) => <Pill tone={DELIVERY[row.status].tone}>{t(DELIVERY[row.status].key)}</Pill> },
          { key: "said", title: t("answer"), cell: (row) => row.error ?? (row.response_status === null ? "–" : String(row.response_status)) },
          { key: "at", title: t("at"), brief: true, cell: (row) => moment(row.last_attempt_at ?? row.created_at) },
          {
            key: "again",
            title: t("actions"),
            cell: (row) => (
              <button type="button" className="small" disabled={replay.isPending} aria-label={`${t("sendAgain")}: ${row.event_type}`} onClick={() => replay.mutate(row.id)}>
                {t("sendAgain")}
              </button>
            ),
          },
        ]}
      />
      <More list={list} />
    </>
  );
}

function HookCard({ hook, told }: { hook: Hook; told: (secret: string | null) => void }) {
  const { t, moment } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"remove" | "rotate">();
  const params = { path: { webhook_id: hook.id } };
  const close = () => setAsked(undefined);
  const fresh = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const remove = useMutation({ mutationFn: () => done(api.DELETE("/api/webhooks/{webhook_id}/", { params })), onSuccess: fresh });
  const enable = useMutation({
    mutationFn: () => take(api.POST("/api/webhooks/{webhook_id}/enable/", { params })),
    onSuccess: () => say(t("enabledIt")),
    onSettled: fresh,
  });
  const rotate = useMutation({
    mutationFn: () => take(api.POST("/api/webhooks/{webhook_id}/rotate-secret/", { params })),
    onSuccess: (answer) => {
      close();
      told(answer.secret ?? null);
    },
  });
  return (
    <li className="card">
      <div className="pills">
        {hook.disabled_at ? <Pill tone="bad">{t("disabledSince", { date: moment(hook.disabled_at) })}</Pill> : <Pill tone={hook.failing_since ? "warn" : "good"}>{t(hook.failing_since ? "failing" : "active")}</Pill>}
      </div>
      <h2>{hook.url}</h2>
      <p className="hint">{hook.event_types.map((one) => one.replace("learning.", "")).join(", ")}</p>
      {enable.error ? <Failure error={enable.error} /> : null}
      <div className="row-actions">
        {hook.disabled_at ? (
          <button type="button" className="primary" disabled={enable.isPending} onClick={() => enable.mutate()}>
            {t("enable")}
          </button>
        ) : null}
        <button type="button" onClick={() => setAsked("rotate")}>
          {t("rotate")}
        </button>
        <button type="button" onClick={() => setAsked("remove")}>
          {t("remove")}
        </button>
      </div>
      <details className="unfold">
        <summary>{t("deliveries")}</summary>
        <Deliveries hook={hook} />
      </details>
      {asked === "remove" ? (
        <Confirm title={t("removeWebhook")} action={t("remove")} busy={remove.isPending} error={remove.error} confirm={() => remove.mutate()} close={close}>
          <p>{t("removeWebhookLead")}</p>
        </Confirm>
      ) : null}
      {asked === "rotate" ? (
        <Confirm title={t("rotate")} action={t("rotate")} busy={rotate.isPending} error={rotate.error} confirm={() => rotate.mutate()} close={close}>
          <p>{t("rotateLead")}</p>
        </Confirm>
      ) : null}
    </li>
  );
}

export function Webhooks() {
  const { t } = useWords();
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>();
  const list = usePages(["webhooks"], (cursor) => take(api.GET("/api/webhooks/", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } })));
  return (
    <Screen title={t("webhooks")} lead={t("webhooksLead")} wide>
      <p className="press">
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {t("newWebhook")}
        </button>
      </p>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noWebhooks")}>{t("noWebhooksLead")}</Empty> : null}
      <ul className="cards wide-cards">
        {list.items?.map((one) => (
          <HookCard key={one.id} hook={one} told={setSecret} />
        ))}
      </ul>
      <More list={list} />
      {making ? (
        <New
          close={() => setMaking(false)}
          made={(next) => {
            setMaking(false);
            setSecret(next);
          }}
        />
      ) : null}
      {secret !== undefined ? <Secret secret={secret} close={() => setSecret(undefined)} /> : null}
    </Screen>
  );
}
