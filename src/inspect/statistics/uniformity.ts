/**
 * P(numbers as far from uniform in 0 … 1, or farther, by luck), two-sided: Kolmogorov and Smirnov, with Stephens' correction for few of them
 * (J. R. Statist. Soc. B 32, 1970). Pure. 1 for none.
 */
export const uniformity = (numbers: readonly number[]): number => {
  const n = numbers.length
  const distance = numbers
    .toSorted((a, b) => a - b)
    .reduce((most, value, i) => Math.max(most, (i + 1) / n - value, value - i / n), 0)
  const lambda = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance
  // below, the series hardly converges, and the sum is 1 to eight digits
  if (n === 0 || lambda < 0.25) return 1
  let sum = 0
  for (let j = 1; j <= 100; j++) sum += (j % 2 === 1 ? 2 : -2) * Math.exp(-2 * j * j * lambda * lambda)
  return Math.min(1, Math.max(0, sum))
}
