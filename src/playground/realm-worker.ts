/** Script of every worker realm. */
import { bundledPackage } from "../hosts/browser/bundled-package.js";
import { startRealm } from "../hosts/browser/start-realm.js";

startRealm(() => bundledPackage);
