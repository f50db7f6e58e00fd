/** Things that all take the same time, so that they end in the order they began: a ring instead of a heap. */
export interface Aging {
  times: Float64Array
  codes: Float64Array
  head: number
  size: number
}

export const agingOf = (capacity: number): Aging => ({
  times: new Float64Array(capacity),
  codes: new Float64Array(capacity),
  head: 0,
  size: 0,
})

/** `time` is not before the last one put in. */
export const age = (aging: Aging, time: number, code: number): void => {
  if (aging.size === aging.times.length) grow(aging)
  const at = (aging.head + aging.size++) % aging.times.length
  aging.times[at] = time
  aging.codes[at] = code
}

/** Infinity: nothing. */
export const nextAged = ({ times, head, size }: Aging): number =>
  size === 0 ? Number.POSITIVE_INFINITY : (times[head] as number)

/** Takes the first out and answers its code. */
export const takeAged = (aging: Aging): number => {
  const code = aging.codes[aging.head] as number
  aging.head = (aging.head + 1) % aging.times.length
  aging.size -= 1
  return code
}

const grow = (aging: Aging): void => {
  const { times, codes, head, size } = aging
  const length = Math.max(16, 2 * times.length)
  const grown = agingOf(length)
  for (let i = 0; i < size; i++) {
    grown.times[i] = times[(head + i) % times.length] as number
    grown.codes[i] = codes[(head + i) % times.length] as number
  }
  aging.times = grown.times
  aging.codes = grown.codes
  aging.head = 0
}
