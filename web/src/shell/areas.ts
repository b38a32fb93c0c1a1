import type { Schemas } from "../api";
import type { Key } from "../i18n";
import type { IconName } from "../parts/icons";

type Me = Schemas["MeOut"];

/** A screen that the navigation leads to. */
export interface Place {
  to: string;
  icon: IconName;
  key: Key;
  /** Where not all who do this kind of work have this screen. */
  isFor?: (me: Me) => boolean;
}

/** What one kind of work needs. Its screens are below its first place, and nobody else's are. */
export interface Area {
  key: Key;
  places: readonly [Place, ...Place[]];
  isFor: (me: Me) => boolean;
}

const LEARNING: Area = {
  key: "areaLearning",
  isFor: (me) => me.is_member,
  places: [
    { to: "/", icon: "home", key: "navHome" },
    { to: "/courses", icon: "catalogue", key: "navCatalogue" },
    { to: "/certificates", icon: "certificate", key: "navCertificates" },
    { to: "/requirements", icon: "requirements", key: "navRequirements" },
    { to: "/notifications", icon: "bell", key: "navNotifications" },
  ],
};

const GRADING: Area = {
  key: "areaGrading",
  isFor: (me) => me.may.grade,
  places: [
    { to: "/grading", icon: "inbox", key: "navQueue" },
    { to: "/grading/groups", icon: "list", key: "navGroups" },
    { to: "/grading/history", icon: "history", key: "navHistory" },
  ],
};

const AUTHORING: Area = {
  key: "areaAuthoring",
  isFor: (me) => me.may.author.length > 0,
  places: [
    { to: "/author", icon: "edit", key: "navCourses" },
    { to: "/author/programs", icon: "list", key: "programs" },
    { to: "/author/banks", icon: "quiz", key: "navBanks" },
  ],
};

const administers = (scopes: readonly string[]) => (me: Me) => me.may.administer.some((unit) => scopes.includes(unit.scope));
const isBroad = administers(["national", "regional"]);
const isNational = administers(["national"]);

const ADMINISTRATION: Area = {
  key: "areaAdministration",
  isFor: (me) => me.may.administer.length > 0,
  places: [
    { to: "/administer", icon: "chart", key: "navOverview" },
    { to: "/administer/members", icon: "people", key: "navMembers" },
    { to: "/administer/enrollments", icon: "list", key: "navEnrollments" },
    { to: "/administer/reports", icon: "history", key: "navReports" },
    { to: "/administer/trends", icon: "chart", key: "navTrends" },
    { to: "/administer/requirements", icon: "requirements", key: "navAllRequirements" },
    { to: "/administer/evidence", icon: "check", key: "navEvidence", isFor: isBroad },
    { to: "/administer/exemptions", icon: "person", key: "navExemptions" },
    { to: "/administer/rules", icon: "rules", key: "navRules", isFor: isBroad },
    { to: "/administer/certificates", icon: "certificate", key: "navCertificates", isFor: isBroad },
    { to: "/administer/signatures", icon: "attestation", key: "navSignatures" },
    { to: "/administer/imports", icon: "inbox", key: "navImports", isFor: isBroad },
    { to: "/administer/audit", icon: "trail", key: "navAudit", isFor: isBroad },
    { to: "/administer/organization", icon: "settings", key: "navOrganization", isFor: isNational },
    { to: "/administer/webhooks", icon: "hook", key: "navWebhooks", isFor: isNational },
  ],
};

const AREAS: readonly Area[] = [LEARNING, GRADING, AUTHORING, ADMINISTRATION];

/** The areas that are open to this person, in the order in which they are offered. */
export const areasOf = (me: Me): Area[] => AREAS.filter((area) => area.isFor(me));

/** The screens of an area that are open to this person. */
export const placesOf = (area: Area, me: Me): Place[] => area.places.filter((place) => place.isFor?.(me) ?? true);

const isWithin = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** The area that the screen at `path` belongs to: that of its first word, else learning. */
export function areaAt(path: string): Area {
  return AREAS.find((area) => area !== LEARNING && isWithin(path, area.places[0].to)) ?? LEARNING;
}

/** The screen of the navigation that the one at `path` stands below; none below a screen that others stand beside. */
export function placeAt(places: readonly Place[], path: string): Place | undefined {
  return places.filter((place) => isWithin(path, place.to)).toSorted((a, b) => b.to.length - a.to.length)[0];
}
