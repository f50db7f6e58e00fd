import { barPanel } from './bars.ts'
import { linePanel } from './lines.ts'
import { type Frame, legend, nameplate } from './layout.ts'
import { styleSheet } from './style.ts'
import { escaped, shortened, text, wrapped } from './svg.ts'
import { hash32 } from '../random.ts'

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

/**
 * The drawing as one SVG element that needs nothing else: readable on light and dark ground, series told apart by shape as well as
 * by colour, with title and description for screen readers. It may stand alone or in an HTML page, beside others; its style
 * concerns nothing but itself. Of nothing, a drawing all the same: empty panels.
 */
export const chartSvg = (chart: Chart): string => {
  const { title, subtitle = '', description, panels } = chart
  const columns = Math.max(1, Math.min(chart.columns ?? (panels.length === 4 ? 2 : 3), panels.length))
  const rows = Math.max(1, Math.ceil(panels.length / columns))
  const width = 2 * MARGIN + columns * PANEL.width + (columns - 1) * GAP
  const head = nameplate({ title, subtitle, left: MARGIN, width: width - 2 * MARGIN })
  const key = legend(chart, { left: MARGIN, top: head.bottom + 8, width: width - 2 * MARGIN })
  const titles = panels.map((panel) => titleLines(panel.title))
  const above = TITLE_LINE * (Math.max(1, ...titles.map((lines) => lines.length)) - 1)
  const top = key.bottom + 34 + above
  const rowGap = ROW_GAP + above
  const height = top + rows * (PANEL.height + rowGap) - rowGap + 50
  const frames = panels.map(
    (_, index): Frame => ({
      left: MARGIN + (index % columns) * (PANEL.width + GAP),
      top: top + Math.floor(index / columns) * (PANEL.height + rowGap),
      ...PANEL,
    }),
  )
  const body = [
    ...head.lines,
    ...key.lines,
    ...panels.map((panel, index) => drawPanel(panel, frames[index] as Frame, titles[index] ?? [])),
  ].join('\n')
  const id = `chart-${hash32(title + body).toString(36)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="evenkeel-chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escaped(title)}</title>`,
    `<desc id="${id}-desc">${escaped(description)}</desc>`,
    `<style>${styleSheet}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    body,
    '</svg>\n',
  ].join('\n')
}

const MARGIN = 62
const PANEL = { width: 300, height: 250 } as const
const GAP = 72
const ROW_GAP = 92

const TITLE_LINE = 16

/** What would run into the next panel is broken, once. */
const titleLines = (title: string): readonly string[] => {
  const width = (PANEL.width + GAP / 2) / 1.1
  const [first = '', ...rest] = wrapped(title, width)
  return [first, ...(rest.length === 0 ? [] : [rest.join(' ')])].map((line) => shortened(line, width))
}

const drawPanel = (panel: Panel, frame: Frame, title: readonly string[]): string => {
  const lines = title.map((line, i) =>
    text(frame.left, frame.top - 8 - TITLE_LINE * (title.length - 1 - i), 'strong', line),
  )
  return [...lines, ...(panel.kind === 'lines' ? linePanel(panel, frame) : barPanel(panel, frame))].join('\n')
}
