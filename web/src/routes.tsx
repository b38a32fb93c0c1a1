import { createRoute, createRouter, lazyRouteComponent, stringifySearchWith } from "@tanstack/react-router";
import { ADMINISTRATOR } from "./administrator/routes";
import { AUTHOR } from "./author/routes";
import { readSearch } from "./parts/address";
import { Loading } from "./parts/basics";
import { Home } from "./screens/home";
import { parent, root } from "./shell/root";

const reading = () => import("./screens/reading");
const testing = () => import("./screens/testing");
const keeping = () => import("./screens/keeping");
const grading = () => import("./grader");

// Each kind of work comes in files of its own, when it is first opened.
const LEARNER = [
  createRoute({ getParentRoute: parent, path: "/", component: Home }),
  createRoute({ getParentRoute: parent, path: "/courses", component: lazyRouteComponent(reading, "Catalogue") }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId", component: lazyRouteComponent(reading, "Course") }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId/lessons/$itemId", component: lazyRouteComponent(reading, "LessonScreen") }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId/$kind/$itemId", component: lazyRouteComponent(testing, "Quiz") }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId/$kind/$itemId/attempts/$attemptId", component: lazyRouteComponent(testing, "AttemptScreen") }),
  createRoute({ getParentRoute: parent, path: "/certificates", component: lazyRouteComponent(keeping, "Certificates") }),
  createRoute({ getParentRoute: parent, path: "/requirements", component: lazyRouteComponent(keeping, "Requirements") }),
  createRoute({ getParentRoute: parent, path: "/notifications", component: lazyRouteComponent(keeping, "Notifications") }),
  createRoute({ getParentRoute: parent, path: "/preferences", component: lazyRouteComponent(keeping, "Preferences") }),
] as const;

const GRADER = [
  createRoute({ getParentRoute: parent, path: "/grading", component: lazyRouteComponent(grading, "Queue") }),
  createRoute({ getParentRoute: parent, path: "/grading/groups", component: lazyRouteComponent(grading, "Groups") }),
  createRoute({ getParentRoute: parent, path: "/grading/attempts/$attemptId", component: lazyRouteComponent(grading, "AttemptMarks") }),
  createRoute({ getParentRoute: parent, path: "/grading/history", component: lazyRouteComponent(grading, "History") }),
  createRoute({ getParentRoute: parent, path: "/grading/$responseId", component: lazyRouteComponent(grading, "Grade") }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([...LEARNER, ...GRADER, ...ADMINISTRATOR, ...AUTHOR]),
  basepath: "/app",
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  parseSearch: readSearch,
  stringifySearch: stringifySearchWith(String),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
