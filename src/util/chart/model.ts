/** A drawing: a heading, a legend of its series, and panels beside and below each other. */
export interface Chart {
  readonly title: string
  /** a line or two below the title, in small print */
  readonly subtitle?: string
  /** what somebody who cannot see the drawing must be told, in sentences (SVG `desc`) */
  readonly description: string
  /** names for the legend; a series is meant by its place in this list everywhere, and keeps its colour and shape in all panels */
  readonly series: readonly string[]
  /** words for what the bands are, e.g. `5–95 % of 200 runs`; absent: not in the legend */
  readonly band?: string
  readonly panels: readonly Panel[]
  /** panels beside each other, default 3; of four, 2 */
  readonly columns?: number
}

export type Panel = LinePanel | BarPanel

export interface LinePanel {
  readonly kind: 'lines'
  readonly title: string
  readonly x: AxisOptions
  readonly y: AxisOptions
  readonly lines: readonly Line[]
  /** drawn under the lines */
  readonly bands?: readonly Band[]
  /** upright or level lines with a word */
  readonly marks?: readonly Mark[]
}

/** Values of x ascend. Points that are not finite are gaps. */
export interface Line {
  /** place in `Chart.series`; null: of none, grey and without a shape */
  readonly series: number | null
  /** main (default): thick, with the series' shape on it; dashed: thin; grey: thin, for what is only compared with */
  readonly look?: 'main' | 'dashed' | 'grey'
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Band {
  readonly series: number | null
  readonly points: readonly (readonly [x: number, low: number, high: number])[]
}

export interface Mark {
  /** where the line stands: `x` upright, `y` level */
  readonly axis: 'x' | 'y'
  readonly at: number
  readonly words: string
  /** in the colour of a series; absent: grey */
  readonly series?: number
}

/** Groups of bars side by side: a group for each category, in it a bar of each series. */
export interface BarPanel {
  readonly kind: 'bars'
  readonly title: string
  /** e.g. names of pods; thinned out where they would overlap */
  readonly categories: readonly string[]
  /** what the categories are */
  readonly label: string
  readonly y: AxisOptions
  readonly bars: readonly BarSeries[]
  /** level lines, e.g. a fair share */
  readonly marks?: readonly Mark[]
}

export interface BarSeries {
  readonly series: number | null
  /** one for each category, in their order; null: no bar */
  readonly values: readonly (Bar | null)[]
}

export interface Bar {
  readonly value: number
  /** what the value is to be compared with, or how sure it is: drawn as a bracket; absent: none */
  readonly low?: number
  readonly high?: number
}

export interface AxisOptions {
  /** with its unit, e.g. `connect() [µs]` */
  readonly label: string
  /** linear (default) and time (values in seconds) begin at 0; log has whole decades around the positive values */
  readonly scale?: 'linear' | 'time' | 'log'
  /** the axis ends at or above it, even where no value does */
  readonly most?: number
  /** of its numbers; default `1,000`, of time `5m` */
  readonly format?: (value: number) => string
}
