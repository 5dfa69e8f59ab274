/** The package's API under Node and Deno. */
export * from "./index.js";
export { loadWeft, type LoadOptions } from "./hosts/node/load.js";
export { joinWeft } from "./hosts/node/join.js";
export type { JoinOptions } from "./hosts/shared/join-options.js";
export { LoadAbortedError, type LoadStage } from "./hosts/shared/loading.js";
export { RuntimeFilesError } from "./hosts/shared/runtime-files-error.js";
export type { ProfileOptions } from "./hosts/shared/profile.js";
export type { DisplayContent, DisplayMessage, DisplaySink } from "./hosts/shared/display.js";
