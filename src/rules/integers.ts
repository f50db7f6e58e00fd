/** Arithmetic on integers of any length that BigInt does not bring. */

export const greatestCommonDivisor = (a: bigint, b: bigint): bigint => {
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? 1n : a
}

/** The longest step first: what a shift leaves is short then, and so is the work. */
const STEPS = Array.from({ length: 18 }, (_, index) => 2 ** (22 - index))
const LONGEST_STEP = BigInt(2 ** 22)

/** 0 for 0. */
export const bitLength = (value: bigint): number => {
  let left = value
  let length = 0
  while (left >> LONGEST_STEP !== 0n) {
    left >>= LONGEST_STEP
    length += Number(LONGEST_STEP)
  }
  for (const step of STEPS) {
    const shorter = left >> BigInt(step)
    if (shorter === 0n) continue
    left = shorter
    length += step
  }
  return length + (32 - Math.clz32(Number(left)))
}

/** 0 for 0. */
export const trailingZeros = (value: bigint): number => {
  const last = Number(BigInt.asUintN(32, value))
  if (last !== 0) return 31 - Math.clz32(last & -last)
  if (value === 0n) return 0
  let seen = 64
  // doubling: as many bits are copied as are zero, not as there are
  while (BigInt.asUintN(seen, value) === 0n) seen *= 2
  const low = BigInt.asUintN(seen, value)
  return bitLength(low & -low) - 1
}
