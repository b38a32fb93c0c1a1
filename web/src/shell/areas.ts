import type { Schemas } from "../api";
import type { Key } from "../i18n";
import type { IconName } from "../parts/icons";

type Me = Schemas["MeOut"];

/** A screen that the navigation leads to. */
export interface Place {
  to: string;
  icon: IconName;
  key: Key;
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
    { to: "/grading/history", icon: "history", key: "navHistory" },
  ],
};

const AREAS: readonly Area[] = [LEARNING, GRADING];

/** The areas that are open to this person, in the order in which they are offered. */
export const areasOf = (me: Me): Area[] => AREAS.filter((area) => area.isFor(me));

const isWithin = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** The area that the screen at `path` belongs to: that of its first word, else learning. */
export function areaAt(path: string): Area {
  return AREAS.find((area) => area !== LEARNING && isWithin(path, area.places[0].to)) ?? LEARNING;
}
