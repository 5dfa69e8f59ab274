/** A chart as wasm/library/weft/plot.py describes it. */
export interface ChartSpec {
  readonly kind: "line chart" | "bar chart" | "scatter chart" | "histogram";
  readonly title: string;
  /** What the chart shows, for those who do not see it. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly width: number;
  readonly height: number;
  readonly xKind: "value" | "time" | "category";
  readonly categories: readonly string[] | null;
  /**
   * Numbers of each category; or else points as `[x, y]`, and of a histogram ranges as `[from, to, count]`.
   * `null` is a gap.
   */
  readonly series: readonly { readonly name: string; readonly data: readonly (number | null | readonly (number | null)[])[] }[];
}
