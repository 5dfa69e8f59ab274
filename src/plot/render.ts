import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use, type ComposeOption } from "echarts/core";
import type { BarSeriesOption, CustomSeriesOption, LineSeriesOption, ScatterSeriesOption } from "echarts/charts";
import type { GridComponentOption, LegendComponentOption, TitleComponentOption } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import type { ChartSpec } from "./spec.js";

use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

type SeriesOption = BarSeriesOption | CustomSeriesOption | LineSeriesOption | ScatterSeriesOption;
type Option = ComposeOption<SeriesOption | GridComponentOption | LegendComponentOption | TitleComponentOption>;

/** Readable on its background, and told apart without red and green. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#555555"];
const INK = "#222222";
/** Up to so many points of a line are marked each. */
const MARKED = 40;

function seriesOf(spec: ChartSpec): SeriesOption[] {
  return spec.series.map(({ name, data }, i): SeriesOption => {
    const common = { name, data: data as never, silent: true };
    switch (spec.kind) {
      case "line chart":
        return { ...common, type: "line", showSymbol: data.length <= MARKED, symbolSize: 5 };
      case "scatter chart":
        return { ...common, type: "scatter", symbolSize: data.length > 1000 ? 4 : 7, itemStyle: { opacity: data.length > 1000 ? 0.5 : 0.8 } };
      case "bar chart":
        return { ...common, type: "bar" };
      case "histogram":
        return {
          ...common,
          type: "custom",
          encode: { x: [0, 1], y: 2 },
          renderItem: (_, api) => {
            const [left, top] = api.coord([api.value(0), api.value(2)]) as [number, number];
            const [right, bottom] = api.coord([api.value(1), 0]) as [number, number];
            return {
              type: "rect",
              shape: { x: left, y: top, width: right - left, height: bottom - top },
              style: { fill: COLORS[i % COLORS.length]!, stroke: "#ffffff", lineWidth: 1 },
            };
          },
        };
    }
  });
}

function optionOf(spec: ChartSpec): Option {
  const { kind, title, xLabel, yLabel, series, xKind, categories } = spec;
  const named = series.some(({ name }) => name !== "");
  const axis = {
    nameLocation: "middle" as const,
    nameTextStyle: { color: INK, fontSize: 13 },
    axisLabel: { color: INK, hideOverlap: true },
    axisLine: { show: true, lineStyle: { color: INK } },
    axisTick: { show: true },
  };
  const edges = kind === "histogram" ? (series[0]!.data as readonly (readonly [number, number, number])[]) : [];
  return {
    animation: false,
    backgroundColor: "#ffffff",
    color: COLORS,
    textStyle: { fontFamily: "sans-serif" },
    title: { text: title, left: "center", top: 8, textStyle: { color: INK, fontSize: 16 } },
    legend: { show: named, top: title === "" ? 8 : 34, textStyle: { color: INK } },
    grid: { left: yLabel === "" ? 16 : 36, right: 28, top: 24 + (title === "" ? 0 : 26) + (named ? 26 : 0), bottom: xLabel === "" ? 16 : 36, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      ...axis,
      name: xLabel,
      nameGap: 30,
      splitLine: { show: false },
      ...(xKind === "category"
        ? { type: "category", data: categories as string[] }
        : xKind === "time"
          ? { type: "time" }
          : { type: "value", scale: true, ...(edges.length > 0 ? { min: edges[0]![0], max: edges[edges.length - 1]![1] } : {}) }),
    },
    yAxis: { ...axis, type: "value", name: yLabel, nameGap: 44, scale: kind === "scatter chart", splitLine: { lineStyle: { color: "#dddddd" } } },
    series: seriesOf(spec),
  };
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Draws a chart. Needs no document. */
export function renderChart(spec: ChartSpec): string {
  const { width, height, title, kind, description } = spec;
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height, useUTC: true } as Parameters<typeof init>[2]);
  try {
    chart.setOption({ ...optionOf(spec), useUTC: true });
    const svg = chart.renderToSVGString();
    return svg.replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg role="img" ${attributes}><title>${escape(title || kind)}</title><desc>${escape(description)}</desc>`);
  } finally {
    chart.dispose();
  }
}
