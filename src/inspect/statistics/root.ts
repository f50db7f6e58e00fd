/**
 * Where an increasing or decreasing f passes 0 between low and high, to 12 digits: the Illinois variant of the false position (Dowell
 * and Jarratt 1971), every fourth step a halving.
 */
export const rootOf = (f: (x: number) => number, low: number, high: number): number => {
  let [a, b] = [low, high]
  let [fa, fb] = [f(a), f(b)]
  if (fa === 0 || Math.sign(fa) === Math.sign(fb)) return fa === 0 ? a : b
  for (let i = 0; i < 200 && Math.abs(b - a) > 1e-12 * Math.abs(b); i++) {
    const x = i % 4 === 3 ? (a + b) / 2 : b - (fb * (b - a)) / (fb - fa)
    const fx = f(x)
    if (fx === 0) return x
    if (Math.sign(fx) === Math.sign(fb)) fa /= 2
    else [a, fa] = [b, fb]
    const step = Math.abs(x - b)
    ;[b, fb] = [x, fx]
    if (step < 1e-13 * Math.abs(b)) break
  }
  return b
}

/** A power of two at which f is no longer negative; 2⁵⁰⁰ at most. */
export const doubled = (f: (x: number) => number): number => {
  let high = 1
  for (let i = 0; i < 500 && f(high) < 0; i++) high *= 2
  return high
}
