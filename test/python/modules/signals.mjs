// A function that asks for signals as long as there are none. Plain JavaScript: every realm loads it as it is.
import { pyModule } from "../../../dist/lib/index.js";

/** Milliseconds until it gives up. */
const PATIENCE = 60_000;

export const signals = pyModule("asking_for_signals").function("ask", {}, (py) => {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    py.checkSignals();
  }
});
