/** Script of every worker realm. */
import { startRealm } from "./worker-realm.js";

startRealm();
