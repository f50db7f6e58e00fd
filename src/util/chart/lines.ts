import type { Band, Line, LinePanel } from './model.ts'
import { axisOf, type Frame, formatOf, ground, levelLine, levelWords, uprightMark } from './layout.ts'
import { colourOf } from './style.ts'
import { px, text } from './svg.ts'
import { symbol } from './symbol.ts'

/** The inside of a panel with lines and bands. */
export const linePanel = (panel: LinePanel, frame: Frame): readonly string[] => {
  const { left, top, width, height } = frame
  const { lines, bands = [], marks = [] } = panel
  const points = lines.flatMap((line) => line.points)
  const across = axisOf(panel.x, [...points.map(([x]) => x), ...bands.flatMap((band) => band.points.map(([x]) => x))])
  const up = axisOf(panel.y, [
    ...points.map(([, y]) => y),
    ...bands.flatMap((band) => band.points.map(([, , high]) => high)),
  ])
  const place: Scales = {
    x: (value) => left + across.at(value) * width,
    y: (value) => top + (1 - up.at(value)) * height,
  }
  const format = formatOf(panel.x)
  const level = marks.filter(({ axis }) => axis === 'y')
  const upright = marks.filter(({ axis }) => axis === 'x')
  return [
    ...ground(frame, up, panel.y),
    ...across.ticks.map((tick) => text(place.x(tick), top + height + 16, 'small', format(tick), 'middle')),
    text(left + width / 2, top + height + 34, 'small', panel.x.label, 'middle'),
    ...bands.map((band) => area(band, place)),
    ...level.map((mark) => levelLine(mark, place.y, frame)),
    ...upright.map((mark, row) => uprightMark(mark, place.x, frame, row)),
    ...lines.map((line) => stroke(line, place)),
    ...level.map((mark) => levelWords(mark, place.y, frame)),
  ]
}

interface Scales {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
}

const area = ({ series, points }: Band, { x, y }: Scales): string => {
  const whole = points.filter((point) => point.every(Number.isFinite))
  if (whole.length < 2) return ''
  const high = whole.map(([at, , value]) => `${px(x(at))},${px(y(value))}`)
  const low = whole.map(([at, value]) => `${px(x(at))},${px(y(value))}`).reverse()
  return `<polygon class="band f${colourOf(series)}" points="${[...high, ...low].join(' ')}"/>`
}

const stroke = ({ series, look = 'main', points }: Line, { x, y }: Scales): string => {
  const colour = look === 'grey' ? '' : ` c${colourOf(series)}`
  const parts = piecesOf(points).map((piece) => {
    const path = piece.map(([at, value]) => `${px(x(at))},${px(y(value))}`).join(' ')
    return `<polyline class="${look}${colour}" points="${path}"/>`
  })
  const dots = look === 'main' ? dotted(points, series).map(([at, value]) => symbol(x(at), y(value), series)) : []
  return [...parts, ...dots].join('')
}

type Points = Line['points']

/** Runs of points without a gap between them. */
const piecesOf = (points: Points): readonly Points[] => {
  const pieces: [number, number][][] = [[]]
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) pieces.at(-1)?.push([x, y])
    else pieces.push([])
  }
  return pieces.filter((piece) => piece.length > 0)
}

/** Few points all have their symbol; of many about eight, each series beginning elsewhere so that symbols do not lie on each other. */
const dotted = (points: Points, series: number | null): Points => {
  const finite = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  if (finite.length <= 16) return finite
  const step = finite.length / 8
  const from = (((series ?? 0) % 8) / 8) * step
  return Array.from({ length: 8 }, (_, index) => finite[Math.floor(from + index * step)]).filter(
    (one) => one !== undefined,
  )
}
