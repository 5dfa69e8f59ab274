/** The package's API in web pages and their workers. */
export * from "./index.js";
export { joinWeft } from "./hosts/browser/join.js";
export type { JoinOptions } from "./hosts/shared/join-options.js";
export { LoadAbortedError, type LoadStage } from "./hosts/shared/loading.js";
export { loadWeft, type LoadOptions } from "./hosts/browser/load.js";
export type { LoadProgress } from "./hosts/browser/download.js";
export { IsolationError } from "./hosts/browser/isolation.js";
export { RuntimeFilesError } from "./hosts/shared/runtime-files-error.js";
export type { ProfileOptions } from "./hosts/shared/profile.js";
export { DisplayArea, displayIn, type DisplayAreaOptions, type DisplayElement } from "./hosts/browser/display-area.js";
export type { DisplayContent, DisplayMessage, DisplaySink } from "./hosts/shared/display.js";
export { servePage } from "./hosts/browser/bridge/serve-page.js";
export { serveWorkers } from "./hosts/browser/remote-workers.js";
export type { PagePort } from "./hosts/browser/bridge/wire.js";
