import { barPanel } from './bars.ts'
import { linePanel } from './lines.ts'
import { type Frame, legend, nameplate } from './layout.ts'
import { styleSheet } from './style.ts'
import { escaped, shortened, text, wrapped } from './svg.ts'
import { hash32 } from '../random.ts'
import type { Chart, Panel } from './model.ts'

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
