// A module whose name another one has.
import { pyModule } from "../../../dist/lib/index.js";

export const other = pyModule("counters").function("nothing", {}, () => undefined);
