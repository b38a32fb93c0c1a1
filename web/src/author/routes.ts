import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { parent } from "../shell/root";

const screens = () => import(".");

export const AUTHOR = [
  createRoute({ getParentRoute: parent, path: "/author", component: lazyRouteComponent(screens, "AuthoredCourses") }),
  createRoute({ getParentRoute: parent, path: "/author/banks", component: lazyRouteComponent(screens, "Banks") }),
  createRoute({ getParentRoute: parent, path: "/author/banks/$bankId", component: lazyRouteComponent(screens, "BankScreen") }),
  createRoute({ getParentRoute: parent, path: "/author/programs", component: lazyRouteComponent(screens, "AuthoredPrograms") }),
  createRoute({ getParentRoute: parent, path: "/author/programs/new", component: lazyRouteComponent(screens, "NewProgram") }),
  createRoute({ getParentRoute: parent, path: "/author/programs/$programId", component: lazyRouteComponent(screens, "ProgramScreen") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId", component: lazyRouteComponent(screens, "CourseEditor") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/preview", component: lazyRouteComponent(screens, "Preview") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/policy", component: lazyRouteComponent(screens, "Policy") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/publish", component: lazyRouteComponent(screens, "Publish") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/versions", component: lazyRouteComponent(screens, "Versions") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/versions/$number/move", component: lazyRouteComponent(screens, "Move") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/versions/$number/statistics", component: lazyRouteComponent(screens, "Statistics") }),
  createRoute({ getParentRoute: parent, path: "/author/$courseId/versions/$number/regrade", component: lazyRouteComponent(screens, "RegradeScreen") }),
] as const;
