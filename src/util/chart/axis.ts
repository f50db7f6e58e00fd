/** Where values lie on an axis, 0 … 1, and which of them have a mark. */
export interface Axis {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** From 0 to a round number at or above `most`, with three to six marks. */
export const linearAxis = (most: number): Axis => evenAxis(most, niceStep((most > 0 ? most : 1) / 4))

/** Seconds from 0 to at or above `most`, with marks at whole seconds, minutes, hours or days where these are many. */
export const timeAxis = (most: number): Axis => {
  const least = (most > 0 ? most : 1) / 5
  return evenAxis(most, timeSteps.find((step) => step >= least * (1 - 1e-9)) ?? DAY * niceStep(least / DAY))
}

/** Whole decades around positive values, a mark at each. */
export const logAxis = (values: readonly number[]): Axis => {
  const positive = values.filter((value) => value > 0)
  const low = Math.floor(Math.log10(positive.reduce((a, b) => Math.min(a, b), Infinity)) + 1e-9)
  const high = Math.ceil(Math.log10(positive.reduce((a, b) => Math.max(a, b), 0)) - 1e-9)
  if (positive.length === 0) return { at: () => 0, ticks: [1] }
  const decades = Math.max(1, high - low)
  return {
    at: (value) => Math.max(0, (Math.log10(Math.max(value, 10 ** low)) - low) / decades),
    ticks: Array.from({ length: decades + 1 }, (_, index) => tidy(10 ** (low + index))),
  }
}

/** `1,000`; `0.25` */
export const formatNumber = (value: number): string =>
  Math.abs(value) >= 1000 ? value.toLocaleString('en-US') : String(value)

/** `0`, `90s`, `5m`, `1h30m`, `2d`: of whole seconds the shortest way. */
export const formatSeconds = (seconds: number): string => {
  if (seconds === 0) return '0'
  const units = [
    ['d', DAY],
    ['h', HOUR],
    ['m', MINUTE],
  ] as const
  if (seconds < 2 * MINUTE && seconds % MINUTE !== 0) return `${tidy(seconds)}s`
  let rest = seconds
  let words = ''
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size + 1e-9)
    if (count > 0) words += `${count}${unit}`
    rest -= count * size
  }
  return rest > 1e-6 || words === '' ? `${words}${tidy(rest)}s` : words
}

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400
const timeSteps = [
  0.001,
  0.01,
  0.1,
  1,
  2,
  5,
  10,
  15,
  30,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  DAY,
]

const evenAxis = (most: number, step: number): Axis => {
  const end = Math.ceil(most / step - 1e-9) * step || step
  const count = Math.round(end / step)
  return { at: (value) => value / end, ticks: Array.from({ length: count + 1 }, (_, index) => tidy(index * step)) }
}

/** 1, 2 or 5 times a power of ten, at or above `least`. */
const niceStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((times) => times * power >= least * (1 - 1e-9)) ?? 10) * power
}

/** Without what floating point adds: 0.30000000000000004. */
const tidy = (value: number): number => Number(value.toPrecision(12))
