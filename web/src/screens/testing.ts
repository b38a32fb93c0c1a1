export { AttemptScreen } from "./attempt";
export { Quiz } from "./quiz";
