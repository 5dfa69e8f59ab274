import ask from "./examples/ask.py";
import mandelbrot from "./examples/mandelbrot.py";
import page from "./examples/page.py";
import plots from "./examples/plots.py";
import queueWorkers from "./examples/queue_workers.py";
import race from "./examples/race.py";
import show from "./examples/show.py";
import speedup from "./examples/speedup.py";
import typescript from "./examples/typescript.py";
import accounts from "./modules/accounts.ts?text";

/** A program that the page offers. */
export interface Example {
  readonly file: string;
  readonly title: string;
  readonly text: string;
  /** Other files to look at, by their names. */
  readonly beside?: Readonly<Record<string, string>>;
}

export const EXAMPLES: readonly Example[] = [
  { file: "speedup.py", title: "Parallel speed-up", text: speedup },
  { file: "mandelbrot.py", title: "Mandelbrot by four threads", text: mandelbrot },
  { file: "race.py", title: "A race, and its fix", text: race },
  { file: "typescript.py", title: "Classes in TypeScript", text: typescript, beside: { "accounts.ts": accounts } },
  { file: "queue_workers.py", title: "Producer and consumers", text: queueWorkers },
  { file: "ask.py", title: "input() beside a thread", text: ask },
  { file: "show.py", title: "display(): tables, SVG, HTML", text: show },
  { file: "page.py", title: "A page used by threads", text: page },
  { file: "plots.py", title: "Charts by four threads", text: plots },
];
