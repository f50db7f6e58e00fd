import { type Axis, linearAxis, logAxis } from './axis.ts'
import { nameOf } from '../variant.ts'
import type { ScaleReport, ScaleRun } from './report.ts'

/** A drawing of the report: complete in itself, readable on light and on dark ground, told apart by shape as well as by colour. */
export const scaleChart = (report: ScaleReport): string => {
  const planes = [...Map.groupBy(report.runs, nameOf)].map(
    ([name, runs], index): Series => ({ name, runs, style: index % SHAPES.length }),
  )
  const services = linearAxis(Math.max(1, ...report.runs.map(({ services }) => services)))
  const panels = [connectPanel, syncPanel, changePanel].map((panel, index) =>
    draw(panel(planes, report), services, { left: MARGIN + index * (PANEL.width + GAP), top: TOP }),
  )
  const endpoints = report.runs[0]?.endpoints ?? 0
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">`,
    `<title id="title">What a Service proxy costs as the cluster grows</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(MARGIN, 26, 'heading', 'What a Service proxy costs as the cluster grows'),
    text(
      MARGIN,
      44,
      'small',
      `Linux ${report.node.kernel}, ${endpoints} endpoints a Service. At the left dashed: through the first Service, grey: to a backend itself, upright: twice as dear as with the fewest`,
    ),
    ...legend(planes),
    ...panels,
    '</svg>\n',
  ].join('\n')
}

interface Series {
  readonly name: string
  readonly runs: readonly ScaleRun[]
  readonly style: number
}

interface Line {
  readonly style: number
  /** first: drawn thin and dashed; direct: grey */
  readonly kind: 'main' | 'thin' | 'plain'
  readonly points: readonly (readonly [services: number, value: number])[]
}

interface Panel {
  readonly title: string
  readonly unit: string
  readonly axis: Axis
  readonly lines: readonly Line[]
  /** upright lines with a word */
  readonly marks: readonly { readonly services: number; readonly style: number; readonly words: string }[]
}

const connectPanel = (planes: readonly Series[], { verdicts }: ScaleReport): Panel => {
  const micros = (kind: Line['kind'], of: (run: ScaleRun) => number): readonly Line[] =>
    planes.map(({ runs, style }) => ({ style, kind, points: runs.map((run) => [run.services, of(run)]) }))
  const lines = [
    ...micros('plain', ({ connectMicros }) => connectMicros.direct),
    ...micros('thin', ({ connectMicros }) => connectMicros.first),
    ...micros('main', ({ connectMicros }) => connectMicros.last),
  ]
  const marks = verdicts.flatMap(({ growth: { doublesAt }, ...variant }) => {
    const style = planes.find(({ name }) => name === nameOf(variant))?.style ?? 0
    return doublesAt === null ? [] : [{ services: doublesAt, style, words: `twice at ${grouped(doublesAt)}` }]
  })
  return {
    title: 'connect() through the last Service',
    unit: 'µs, p50',
    axis: linearAxis(Math.max(1, ...valuesOf(lines))),
    lines,
    marks,
  }
}

const syncPanel = (planes: readonly Series[]): Panel =>
  logPanel('first full sync', 'ms', planes, ({ fullSyncMs }) => fullSyncMs)

const changePanel = (planes: readonly Series[]): Panel =>
  logPanel('one endpoint changes', 'ms, p50', planes, ({ changeMs }) => changeMs.p50)

const logPanel = (title: string, unit: string, planes: readonly Series[], of: (run: ScaleRun) => number): Panel => {
  const lines = planes.map(
    ({ runs, style }): Line => ({ style, kind: 'main', points: runs.map((run) => [run.services, of(run)]) }),
  )
  return { title, unit, axis: logAxis(valuesOf(lines)), lines, marks: [] }
}

const valuesOf = (lines: readonly Line[]): readonly number[] => lines.flatMap(({ points }) => points.map(([, y]) => y))

const PANEL = { width: 300, height: 250 } as const
const MARGIN = 56
const GAP = 62
const WIDTH = 2 * MARGIN + 3 * PANEL.width + 2 * GAP
const TOP = 98
const HEIGHT = TOP + PANEL.height + 62
/** told apart without colour, too */
const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'cross'] as const

const STYLE = `
.ground{fill:#fff}text{font:12px system-ui,sans-serif;fill:#222}.heading{font-size:16px;font-weight:600}.small{font-size:11px;fill:#555}
.grid{stroke:#ddd}.frame{stroke:#777;fill:none}polyline{fill:none}.main{stroke-width:2}.thin{stroke-width:1.2;stroke-dasharray:5 4}
.plain{stroke:#888!important;stroke-width:1}.mark{stroke-width:1;stroke-dasharray:2 3}
.c0{stroke:#0b6fb8}.c1{stroke:#c2410c}.c2{stroke:#7a3fb0}.c3{stroke:#14804a}.c4{stroke:#a1176b}
.f0{fill:#0b6fb8}.f1{fill:#c2410c}.f2{fill:#7a3fb0}.f3{fill:#14804a}.f4{fill:#a1176b}
@media (prefers-color-scheme:dark){.ground{fill:#16181c}text{fill:#e6e6e6}.small{fill:#aaa}.grid{stroke:#33373d}
.c0{stroke:#5ab4f5}.c1{stroke:#fb8c4e}.c2{stroke:#c79bf2}.c3{stroke:#4cc789}.c4{stroke:#f277bd}
.f0{fill:#5ab4f5}.f1{fill:#fb8c4e}.f2{fill:#c79bf2}.f3{fill:#4cc789}.f4{fill:#f277bd}}
`.replaceAll('\n', '')

const legend = (planes: readonly Series[]): readonly string[] =>
  planes.flatMap(({ name, style }, index) => {
    const x = MARGIN + 8 + index * 150
    return [shape(x, 61, style), text(x + 12, 65, '', name)]
  })

const draw = (panel: Panel, services: Axis, { left, top }: { readonly left: number; readonly top: number }): string => {
  const x = (value: number): number => left + services.at(value) * PANEL.width
  const y = (value: number): number => top + (1 - panel.axis.at(value)) * PANEL.height
  const bottom = top + PANEL.height
  return [
    ...panel.axis.ticks.map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${left + PANEL.width}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>` +
        text(left - 6, y(tick) + 4, 'small', grouped(tick), 'end'),
    ),
    ...services.ticks.map((tick) => text(x(tick), bottom + 16, 'small', grouped(tick), 'middle')),
    `<rect class="frame" x="${left}" y="${top}" width="${PANEL.width}" height="${PANEL.height}"/>`,
    text(left, top - 6, '', `${panel.title} [${panel.unit}]`),
    text(left + PANEL.width / 2, bottom + 34, 'small', 'Services', 'middle'),
    ...panel.marks.map(
      ({ services, style, words }) =>
        `<line class="mark c${style}" x1="${px(x(services))}" x2="${px(x(services))}" y1="${top}" y2="${bottom}"/>` +
        text(x(services) - 4, top + 14 + 14 * style, `small f${style}`, words, 'end'),
    ),
    ...panel.lines.map(({ style, kind, points }) => {
      const path = points.map(([at, value]) => `${px(x(at))},${px(y(value))}`).join(' ')
      const dots = kind === 'main' ? points.map(([at, value]) => shape(x(at), y(value), style)) : []
      return `<polyline class="${kind} c${style}" points="${path}"/>${dots.join('')}`
    }),
  ].join('\n')
}

const shape = (x: number, y: number, style: number): string => {
  const at = (dx: number, dy: number): string => `${px(x + dx)},${px(y + dy)}`
  const polygon = (...points: readonly string[]): string => `<polygon class="f${style}" points="${points.join(' ')}"/>`
  switch (SHAPES[style]) {
    case 'square':
      return polygon(at(-3.5, -3.5), at(3.5, -3.5), at(3.5, 3.5), at(-3.5, 3.5))
    case 'triangle':
      return polygon(at(0, -5), at(4.5, 3.5), at(-4.5, 3.5))
    case 'diamond':
      return polygon(at(0, -5), at(5, 0), at(0, 5), at(-5, 0))
    case 'cross':
      return `<path class="main c${style}" d="M${at(-4, -4)}L${at(4, 4)}M${at(-4, 4)}L${at(4, -4)}"/>`
    default:
      return `<circle class="f${style}" cx="${px(x)}" cy="${px(y)}" r="4"/>`
  }
}

const text = (x: number, y: number, style: string, words: string, anchor = 'start'): string =>
  `<text x="${px(x)}" y="${px(y)}"${style === '' ? '' : ` class="${style}"`} text-anchor="${anchor}">${escaped(words)}</text>`

const px = (value: number): string => String(Math.round(value * 10) / 10)

const grouped = (value: number): string => (value >= 1000 ? value.toLocaleString('en-US') : String(value))

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
