import type { Series } from '../../lab/imbalance/report.ts'

/** A quantity over time as a small drawing in text: what was measured in the simulator's band, and other curves of the same unit. */

const columns = 56
const rows = 9

type Point = readonly [seconds: number, value: number]

/** `●` measured, `·` the other curve, `░` between the bounds. '' where there is nothing to draw. */
export const seriesText = (
  { name, points, predicted = [] }: Series,
  other?: Pick<Series, 'name' | 'points'>,
): string => {
  const last = Math.max(...[...points, ...predicted].map(([seconds]) => seconds))
  const most = Math.max(...points.map(([, value]) => value), ...predicted.map(([, , , high]) => high))
  if (points.length < 2 || !(last > 0) || !(most > 0)) return ''
  const low = predicted.map(([seconds, value]): Point => [seconds, value])
  const high = predicted.map(([seconds, , , value]): Point => [seconds, value])
  const rowOf = (value: number | null): number | null =>
    value === null ? null : Math.round((value / most) * (rows - 1))
  const drawn = Array.from({ length: columns }, (_, column) => {
    const at = (column / (columns - 1)) * last
    const mark = { measured: rowOf(valueAt(points, at)), other: rowOf(valueAt(other?.points ?? [], at)) }
    const [from, to] = [rowOf(valueAt(low, at)), rowOf(valueAt(high, at))]
    return Array.from({ length: rows }, (_, row) => {
      if (row === mark.measured) return '●'
      if (row === mark.other) return '·'
      return from !== null && to !== null && row >= from && row <= to ? '░' : ' '
    })
  })
  const lines = Array.from({ length: rows }, (_, i) => {
    const row = rows - 1 - i
    const label = row === 0 ? '0' : row === rows - 1 ? most.toFixed(1) : ''
    return `${label.padStart(5)} │${drawn.map((column) => column[row]).join('')}`.trimEnd()
  })
  const axis = `${' '.repeat(6)}└${'─'.repeat(columns)}`
  const times = `${' '.repeat(7)}0${`${Number(last.toFixed(1))} s`.padStart(columns - 1)}`
  const legend = `${' '.repeat(7)}● measured  ░ predicted${other === undefined ? '' : `  · ${other.name}`}`
  return `${name}\n${[...lines, axis, times, legend].join('\n')}\n`
}

/** On the line between the points around it; null: before the first or after the last. */
const valueAt = (points: readonly Point[], at: number): number | null => {
  const after = points.find(([seconds]) => seconds >= at)
  const before = points.findLast(([seconds]) => seconds <= at)
  if (after === undefined || before === undefined) return null
  const [from, to] = [before[0], after[0]]
  return from === to ? after[1] : before[1] + ((after[1] - before[1]) * (at - from)) / (to - from)
}
