export const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)

/** −Infinity of none */
export const largest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), -Infinity)

/** Infinity of none */
export const smallest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b), Infinity)
