export { Catalogue } from "./catalogue";
export { Course } from "./course";
export { LessonScreen } from "./lesson";
