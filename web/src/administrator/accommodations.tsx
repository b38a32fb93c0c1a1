import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, done, Problem, take, type Schemas } from "../api";
import { Failure, Loading } from "../parts/basics";
import { TextField } from "../parts/form";
import { useToast } from "../parts/toasts";
import { AskReason } from "./parts";
import { useWords } from "./words";

type Granted = Schemas["AccommodationsOut"];

const fetchThem = async (userId: string): Promise<Granted | null> => {
  try {
    return await take(api.GET("/api/directory/members/{user_id}/accommodations/", { params: { path: { user_id: userId } } }));
  } catch (error) {
    // Nothing was said of most members.
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
};

function Edit(props: { userId: string; now: Granted | null; close: () => void; saved: () => Promise<void> }) {
  const { userId, now, close, saved } = props;
  const { t } = useWords();
  const say = useToast();
  const [times, setTimes] = useState(String(now?.time_multiplier ?? 1.5));
  const [attempts, setAttempts] = useState(String(now?.extra_attempts ?? 0));
  const save = useMutation({
    mutationFn: (reason: string) =>
      take(
        api.PUT("/api/directory/members/{user_id}/accommodations/", {
          params: { path: { user_id: userId } },
          body: { time_multiplier: Number(times.replace(",", ".")), extra_attempts: Number(attempts), reason },
        }),
      ),
    onSuccess: async () => {
      close();
      say(t("saved"));
      await saved();
    },
  });
  return (
    <AskReason title={t("accommodations")} lead={t("accommodationsLead")} action={t("save")} busy={save.isPending} error={save.error} close={close} act={(reason) => save.mutate(reason)}>
      <TextField label={t("timeMultiplier")} hint={t("timeMultiplierHint")} pointer="/time_multiplier" type="number" min={1} max={5} step={0.25} value={times} change={setTimes} />
      <TextField label={t("extraAttempts")} hint={t("extraAttemptsHint")} pointer="/extra_attempts" type="number" min={0} max={10} value={attempts} change={setAttempts} />
    </AskReason>
  );
}

/** What a member needs at each attempt: more time, more attempts. Looked up when it is asked for: few need to know. */
export function AccommodationsOf({ userId }: { userId: string }) {
  const { t } = useWords();
  const [asked, setAsked] = useState(false);
  if (asked) return <Accommodation userId={userId} />;
  return (
    <div className="press">
      <button type="button" onClick={() => setAsked(true)}>
        {t("seeAccommodations")}
      </button>
    </div>
  );
}

function Accommodation({ userId }: { userId: string }) {
  const { t, day, number } = useWords();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const key = ["accommodations", userId];
  const found = useQuery({ queryKey: key, queryFn: () => fetchThem(userId) });
  const saved = () => queries.invalidateQueries({ queryKey: key });
  const end = useMutation({
    mutationFn: () => done(api.DELETE("/api/directory/members/{user_id}/accommodations/", { params: { path: { user_id: userId } } })),
    onSuccess: saved,
  });
  if (found.error) return <Failure error={found.error} again={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading lines={2} />;
  const one = found.data;
  return (
    <>
      {one ? (
        <dl className="facts">
          <div>
            <dt>{t("timeMultiplier")}</dt>
            <dd>{number(one.time_multiplier)} ×</dd>
          </div>
          <div>
            <dt>{t("extraAttempts")}</dt>
            <dd>{number(one.extra_attempts)}</dd>
          </div>
          <div>
            <dt>{t("reason")}</dt>
            <dd dir="auto">{one.reason}</dd>
          </div>
          <div>
            <dt>{t("grantedOn")}</dt>
            <dd>{day(one.granted_at)}</dd>
          </div>
        </dl>
      ) : (
        <p className="hint">{t("noAccommodations")}</p>
      )}
      <div className="press">
        <button type="button" onClick={() => setOpen(true)}>
          {t(one ? "changeAccommodations" : "grantAccommodations")}
        </button>
        {one ? (
          <button type="button" disabled={end.isPending} onClick={() => end.mutate()}>
            {t("endAccommodations")}
          </button>
        ) : null}
      </div>
      {end.error ? <Failure error={end.error} /> : null}
      {open ? <Edit userId={userId} now={one} close={() => setOpen(false)} saved={saved} /> : null}
    </>
  );
}
