import { realmBody } from "../shared/realm-body.js";
import type { LatePagePackage } from "./late-package.js";

/** For a bundle whose workers have the package anyway, say because all of them load modules that define classes. */
export const bundledPackage: LatePagePackage = {
  ready: () => Promise.resolve(),
  now: () => ({ realmBody }),
  soon: () => Promise.resolve({ realmBody }),
};
