export { AttemptMarks } from "./attempt";
export { Grade } from "./grade";
export { Groups } from "./groups";
export { History } from "./history";
export { Queue } from "./queue";
