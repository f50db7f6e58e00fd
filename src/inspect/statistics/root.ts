/** Where `tooLow` turns from true to false, to 12 digits. */
export const bisect = (low: number, high: number, tooLow: (x: number) => boolean): number => {
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2
    if (tooLow(middle)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** A power of two that is no longer too low; 2⁵⁰⁰ at most. */
export const doubled = (tooLow: (x: number) => boolean): number => {
  let high = 1
  for (let i = 0; i < 500 && tooLow(high); i++) high *= 2
  return high
}
