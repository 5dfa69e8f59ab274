import { realmBody } from "../shared/realm-body.js";
import type { LatePackage } from "./late-package.js";

/** For a bundle whose workers have the package anyway, say because all of them load modules that define classes. */
export const bundledPackage: LatePackage = {
  ready: () => Promise.resolve(),
  now: () => ({ realmBody }),
  soon: () => Promise.resolve({ realmBody }),
};
