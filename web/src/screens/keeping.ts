export { Certificates, Notifications, Requirements } from "./mine";
export { Preferences } from "./preferences";
