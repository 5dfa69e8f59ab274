/** Draws charts beside the page's thread, which so is never held up: a chart of many points takes a while. */
import { renderChart } from "../../plot/render.js";
import type { ChartSpec } from "../../plot/spec.js";
import type { PlotAnswer, PlotRequest } from "./plotter.js";
import { adoptPort } from "./adopt-port.js";
import { web } from "./web.js";

adoptPort();

web.addEventListener("message", (event) => {
  const { id, spec } = (event as MessageEvent).data as PlotRequest;
  let answer: PlotAnswer;
  try {
    answer = { id, svg: renderChart(JSON.parse(spec) as ChartSpec) };
  } catch (error) {
    answer = { id, error: String(error) };
  }
  web.postMessage(answer);
});
