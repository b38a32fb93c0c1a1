export { Grade } from "./grade";
export { History } from "./history";
export { Queue } from "./queue";
