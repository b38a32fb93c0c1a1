import { Loading, Screen } from "../parts/basics";
import { useSession, type Person } from "../session";
import { useWords, type Key } from "../i18n";

const ROLE: Record<Person["role"], { name: Key; lead: Key }> = {
  learner: { name: "roleLearner", lead: "roleLearnerLead" },
  officer: { name: "roleOfficer", lead: "roleOfficerLead" },
  grader: { name: "roleGrader", lead: "roleGraderLead" },
  administrator: { name: "roleAdministrator", lead: "roleAdministratorLead" },
};

export function SignIn() {
  const { way, signIn, leaveToSignIn } = useSession();
  const { t } = useWords();
  if (way.kind === "unknown") return <Loading />;
  const lead = { none: "signInNone", arriving: "signInArriving", people: "signInLead", provider: "signInProvider" } as const;
  return (
    <main className="signin">
      <Screen title={t("signIn")} lead={t(lead[way.kind])}>
        {way.kind === "people" ? <People people={way.people} signIn={signIn} /> : null}
        {way.kind === "provider" ? (
          <>
            {way.failed ? (
              <p className="notice bad" role="alert">
                {t("signInFailed")}
              </p>
            ) : null}
            <p className="buttons start">
              <button type="button" className="primary" onClick={leaveToSignIn}>
                {t("signIn")}
              </button>
            </p>
          </>
        ) : null}
      </Screen>
    </main>
  );
}

function People({ people, signIn }: { people: Person[]; signIn: (person: Person) => void }) {
  const { t } = useWords();
  return (
    <ul className="people">
      {people.map((person) => (
        <li key={person.user_id}>
          <button type="button" className="person" onClick={() => signIn(person)}>
            <span className="initial" aria-hidden="true">
              {[...person.name][0]}
            </span>
            <span className="person-words">
              <strong>
                <bdi>{person.name}</bdi>
              </strong>
              <span className="person-role">{t(ROLE[person.role].name)}</span>
              <small>{t(ROLE[person.role].lead)}</small>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
