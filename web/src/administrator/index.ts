import "./administrator.css";

export { Audit } from "./audit";
export { AdministeredCertificates } from "./certificates";
export { ChapterScreen } from "./chapter";
export { EnrollmentScreen } from "./enrollment";
export { Enrollments } from "./enrollments";
export { Imports } from "./imports";
export { MemberScreen } from "./member";
export { Members } from "./members";
export { Organization } from "./organization";
export { Overview } from "./overview";
export { Reports } from "./reports";
export { AdministeredRequirements } from "./requirements";
export { NewRule, RuleScreen } from "./rule";
export { Rules } from "./rules";
export { Trends } from "./trends";
export { Webhooks } from "./webhooks";
