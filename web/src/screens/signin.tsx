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
  const { people, signIn } = useSession();
  const { t } = useWords();
  if (!people) return <Loading />;
  return (
    <main className="signin">
      <Screen title={t("signIn")} lead={people.length > 0 ? t("signInLead") : t("signInNone")}>
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
      </Screen>
    </main>
  );
}
