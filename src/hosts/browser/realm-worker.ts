/** Script of every worker realm. */
import { startRealm } from "./start-realm.js";

startRealm();
