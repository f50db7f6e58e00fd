/** Where values lie on an axis, 0 … 1, and which of them have a mark. */
export interface Axis {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** From 0 to a round number at or above `most`, with three to six marks. */
export const linearAxis = (most: number): Axis => {
  const step = niceStep((most > 0 ? most : 1) / 4)
  const end = Math.ceil(most / step - 1e-9) * step || step
  const count = Math.round(end / step)
  return { at: (value) => value / end, ticks: Array.from({ length: count + 1 }, (_, index) => tidy(index * step)) }
}

/** Whole decades around positive values, a mark at each. */
export const logAxis = (values: readonly number[]): Axis => {
  const positive = values.filter((value) => value > 0)
  const low = Math.floor(Math.log10(Math.min(...positive, Infinity)) + 1e-9)
  const high = Math.ceil(Math.log10(Math.max(...positive, 0)) - 1e-9)
  if (positive.length === 0) return { at: () => 0, ticks: [1] }
  const decades = Math.max(1, high - low)
  return {
    at: (value) => Math.max(0, (Math.log10(Math.max(value, 10 ** low)) - low) / decades),
    ticks: Array.from({ length: decades + 1 }, (_, index) => tidy(10 ** (low + index))),
  }
}

/** 1, 2 or 5 times a power of ten, at or above `least`. */
const niceStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((times) => times * power >= least * (1 - 1e-9)) ?? 10) * power
}

/** Without what floating point adds: 0.30000000000000004. */
const tidy = (value: number): number => Number(value.toPrecision(12))
