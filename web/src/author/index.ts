import "../administrator/administrator.css";
import "./author.css";

export { BankScreen } from "./bank";
export { Banks } from "./banks";
export { AuthoredCourses } from "./courses";
export { CourseEditor } from "./editor";
export { Policy } from "./policy";
export { AuthoredPrograms } from "./programs";
export { NewProgram, ProgramScreen } from "./program";
export { Preview } from "./preview";
export { Publish } from "./publish";
export { Move } from "./move";
export { RegradeScreen } from "./regrade";
export { Statistics } from "./statistics";
export { Versions } from "./versions";
