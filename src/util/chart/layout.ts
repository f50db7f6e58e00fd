import { type Axis, formatNumber, formatSeconds, linearAxis, logAxis, timeAxis } from './axis.ts'
import type { AxisOptions, Chart, Mark } from './model.ts'
import { colourOf } from './style.ts'
import { escaped, px, shortened, text, widthOf, wrapped } from './svg.ts'
import { symbol } from './symbol.ts'

/** Where a panel lies, in px. */
export interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Lines of SVG, and where the next may begin. */
export interface Block {
  readonly lines: readonly string[]
  readonly bottom: number
}

interface Place {
  readonly left: number
  readonly top: number
  readonly width: number
}

/** Title and subtitle; the latter as many lines as it needs, the former two at most. */
export const nameplate = ({
  title,
  subtitle,
  left,
  width,
}: Pick<Chart, 'title'> & Omit<Place, 'top'> & { readonly subtitle: string }): Block => {
  const [first = '', ...rest] = wrapped(title, width / 1.35)
  const big = rest.length === 0 ? [first] : [first, rest.join(' ')]
  const small = wrapped(subtitle, width / 0.9)
  const down = 20 * (big.length - 1)
  return {
    lines: [
      ...big.map((line, index) => text(left, 28 + 20 * index, 'heading', shortened(line, width / 1.35))),
      ...small.map((line, index) => text(left, 47 + down + 15 * index, 'small', line)),
    ],
    bottom: 32 + down + 15 * small.length,
  }
}

/** A symbol and the name of each series, beside each other while there is room. */
export const legend = ({ series, band }: Pick<Chart, 'series' | 'band'>, { left, top, width }: Place): Block => {
  const swatch = (x: number, y: number): string =>
    `<rect class="band f7" x="${px(x - 8)}" y="${px(y - 5)}" width="16" height="10"/>`
  const items = [
    ...series.map((name, index) => ({ name, draw: (x: number, y: number) => symbol(x, y, index) })),
    ...(band === undefined ? [] : [{ name: band, draw: swatch }]),
  ]
  const lines: string[] = []
  let x = left
  let y = top + 8
  for (const { name, draw } of items) {
    const words = shortened(name, width - 30)
    const wide = widthOf(words) + 36
    if (x > left && x + wide > left + width) {
      x = left
      y += 18
    }
    lines.push(draw(x + 8, y), text(x + 21, y + 4, '', words))
    x += wide
  }
  return { lines, bottom: items.length === 0 ? top : y + 8 }
}

export const axisOf = ({ scale = 'linear', most = 0 }: AxisOptions, values: readonly number[]): Axis => {
  const finite = values.filter(Number.isFinite)
  const end = finite.reduce((a, b) => Math.max(a, b), most)
  switch (scale) {
    case 'linear':
      return linearAxis(end)
    case 'time':
      return timeAxis(end)
    case 'log':
      return logAxis(most > 0 ? [...finite, most] : finite)
  }
}

export const formatOf = ({ format, scale }: AxisOptions): ((value: number) => string) =>
  format ?? (scale === 'time' ? formatSeconds : formatNumber)

/** The upright axis with its grid, and the frame. */
export const ground = (frame: Frame, axis: Axis, options: AxisOptions): readonly string[] => {
  const { left, top, width, height } = frame
  const format = formatOf(options)
  return [
    ...axis.ticks.map((tick) => {
      const y = top + (1 - axis.at(tick)) * height
      return (
        `<line class="grid" x1="${px(left)}" x2="${px(left + width)}" y1="${px(y)}" y2="${px(y)}"/>` +
        text(left - 6, y + 4, 'small', format(tick), 'end')
      )
    }),
    `<rect class="frame" x="${px(left)}" y="${px(top)}" width="${width}" height="${height}"/>`,
    `<text class="small" transform="translate(${px(left - 46)} ${px(top + height / 2)}) rotate(-90)" text-anchor="middle">${escaped(shortened(options.label, height))}</text>`,
  ]
}

/** The line alone: what is drawn over it must not hide its words. */
export const levelLine = ({ at, series }: Mark, y: (value: number) => number, { left, width }: Frame): string =>
  `<line class="mark ${strokeOf(series)}" x1="${px(left)}" x2="${px(left + width)}" y1="${px(y(at))}" y2="${px(y(at))}"/>`

/** Above the line, or below where that would be above the panel. */
export const levelWords = (
  { at, words, series }: Mark,
  y: (value: number) => number,
  { left, top, width }: Frame,
): string => {
  const base = y(at) - 5 < top + 9 ? y(at) + 14 : y(at) - 5
  return text(left + width - 4, base, `small halo${fillOf(series)}`, words, 'end')
}

/** `row`: words of marks stand below each other, not in each other. */
export const uprightMark = (
  { at, words, series }: Mark,
  x: (value: number) => number,
  { left, top, height }: Frame,
  row: number,
): string => {
  const onLeft = x(at) - left > widthOf(words)
  const line = `<line class="mark ${strokeOf(series)}" x1="${px(x(at))}" x2="${px(x(at))}" y1="${px(top)}" y2="${px(top + height)}"/>`
  const style = `small halo${fillOf(series)}`
  return line + text(x(at) + (onLeft ? -4 : 4), top + 14 + 14 * (row % 8), style, words, onLeft ? 'end' : 'start')
}

const strokeOf = (series: number | undefined): string => (series === undefined ? 'grey' : `c${colourOf(series)}`)
const fillOf = (series: number | undefined): string => (series === undefined ? '' : ` f${colourOf(series)}`)
