import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { parent } from "../shell/root";

const screens = () => import(".");

export const ADMINISTRATOR = [
  createRoute({ getParentRoute: parent, path: "/administer", component: lazyRouteComponent(screens, "Overview") }),
  createRoute({ getParentRoute: parent, path: "/administer/chapters/$chapterId", component: lazyRouteComponent(screens, "ChapterScreen") }),
  createRoute({ getParentRoute: parent, path: "/administer/members", component: lazyRouteComponent(screens, "Members") }),
  createRoute({ getParentRoute: parent, path: "/administer/members/$userId", component: lazyRouteComponent(screens, "MemberScreen") }),
  createRoute({ getParentRoute: parent, path: "/administer/enrollments", component: lazyRouteComponent(screens, "Enrollments") }),
  createRoute({ getParentRoute: parent, path: "/administer/enrollments/$enrollmentId", component: lazyRouteComponent(screens, "EnrollmentScreen") }),
  createRoute({ getParentRoute: parent, path: "/administer/requirements", component: lazyRouteComponent(screens, "AdministeredRequirements") }),
  createRoute({ getParentRoute: parent, path: "/administer/evidence", component: lazyRouteComponent(screens, "EvidenceQueue") }),
  createRoute({ getParentRoute: parent, path: "/administer/exemptions", component: lazyRouteComponent(screens, "Exemptions") }),
  createRoute({ getParentRoute: parent, path: "/administer/rules", component: lazyRouteComponent(screens, "Rules") }),
  createRoute({ getParentRoute: parent, path: "/administer/rules/new", component: lazyRouteComponent(screens, "NewRule") }),
  createRoute({ getParentRoute: parent, path: "/administer/rules/$ruleId", component: lazyRouteComponent(screens, "RuleScreen") }),
  createRoute({ getParentRoute: parent, path: "/administer/reports", component: lazyRouteComponent(screens, "Reports") }),
  createRoute({ getParentRoute: parent, path: "/administer/trends", component: lazyRouteComponent(screens, "Trends") }),
  createRoute({ getParentRoute: parent, path: "/administer/certificates", component: lazyRouteComponent(screens, "AdministeredCertificates") }),
  createRoute({ getParentRoute: parent, path: "/administer/signatures", component: lazyRouteComponent(screens, "Signatures") }),
  createRoute({ getParentRoute: parent, path: "/administer/imports", component: lazyRouteComponent(screens, "Imports") }),
  createRoute({ getParentRoute: parent, path: "/administer/audit", component: lazyRouteComponent(screens, "Audit") }),
  createRoute({ getParentRoute: parent, path: "/administer/organization", component: lazyRouteComponent(screens, "Organization") }),
  createRoute({ getParentRoute: parent, path: "/administer/webhooks", component: lazyRouteComponent(screens, "Webhooks") }),
] as const;
