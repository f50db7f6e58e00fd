import type { Bar, BarPanel, BarSeries } from './model.ts'
import { axisOf, type Frame, ground, levelLine, levelWords } from './layout.ts'
import { colourOf } from './style.ts'
import { px, shortened, text, widthOf } from './svg.ts'
import { symbol } from './symbol.ts'

/** The inside of a panel with groups of bars. */
export const barPanel = (panel: BarPanel, frame: Frame): readonly string[] => {
  const { left, top, width, height } = frame
  const { categories, bars, marks = [] } = panel
  const shown = bars.flatMap(({ values }) => values.filter((bar) => bar !== null))
  const up = axisOf(panel.y, [
    ...shown.flatMap(({ value, high = value }) => [value, high]),
    ...marks.map(({ at }) => at),
  ])
  const level = marks.filter(({ axis }) => axis === 'y')
  const y = (value: number): number => top + (1 - up.at(value)) * height
  const group = width / Math.max(1, categories.length)
  const each = Math.min(26, (group * 0.84) / Math.max(1, bars.length))
  const groupLeft = (index: number): number => left + index * group + (group - each * bars.length) / 2
  return [
    ...ground(frame, up, panel.y),
    ...names(categories, frame, group),
    text(left + width / 2, top + height + 34, 'small', panel.label, 'middle'),
    ...level.map((mark) => levelLine(mark, y, frame)),
    ...bars.flatMap(({ series, values }: BarSeries, place) =>
      values.map((bar, index) =>
        bar === null || !Number.isFinite(bar.value)
          ? ''
          : drawBar(bar, { series, left: groupLeft(index) + place * each, width: each, y, symbols: each >= 7 }),
      ),
    ),
    ...level.map((mark) => levelWords(mark, y, frame)),
  ].filter((line) => line !== '')
}

interface BarPlace {
  readonly series: number | null
  readonly left: number
  readonly width: number
  readonly y: (value: number) => number
  /** wide enough for the series' shape */
  readonly symbols: boolean
}

const drawBar = ({ value, low, high }: Bar, { series, left, width, y, symbols }: BarPlace): string => {
  const middle = left + width / 2
  const inset = Math.min(1, width / 8)
  const colour = colourOf(series)
  const bar = `<rect class="bar f${colour} c${colour}" x="${px(left + inset)}" y="${px(y(value))}" width="${px(width - 2 * inset)}" height="${px(y(0) - y(value))}"/>`
  const bracket =
    low === undefined || high === undefined ? '' : whisker(middle, y(low), y(high), Math.min(5, width / 3))
  return bar + bracket + (symbols ? symbol(middle, y(value), series) : '')
}

const whisker = (x: number, low: number, high: number, half: number): string =>
  `<path class="bracket" d="M${px(x - half)},${px(low)}H${px(x + half)}M${px(x)},${px(low)}V${px(high)}M${px(x - half)},${px(high)}H${px(x + half)}"/>`

/** Each name if there is room for all, else every second, fifth, tenth …; those that are too long are cut. */
const names = (categories: readonly string[], { left, top, height }: Frame, group: number): readonly string[] => {
  const longest = categories.reduce((most, name) => Math.max(most, Math.min(12, name.length)), 0)
  const room = 0.9 * widthOf('x'.repeat(longest)) + 4
  const every = [1, 2, 5].flatMap((n) => [n, n * 10, n * 100, n * 1000]).sort((a, b) => a - b)
  const step = every.find((n) => n * group >= room) ?? categories.length
  return categories.flatMap((name, index) =>
    index % step === 0
      ? [
          text(
            left + (index + 0.5) * group,
            top + height + 16,
            'small',
            shortened(name, Math.max(step * group, 14)),
            'middle',
          ),
        ]
      : [],
  )
}
