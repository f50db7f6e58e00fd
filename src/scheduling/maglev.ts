import type { Backend } from '../model/frontend.ts'
import { hash32 } from '../util/random.ts'
import { slotName } from './stable.ts'

/** Primes just below powers of two, as IPVS has them: a table keeps its size, and so its flows, while backends come and go. */
const sizes = [251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287, 1048573] as const

/** At least 100 slots a backend, so that shares differ by about 1 % (Eisenbud et al., NSDI 2016, 5.3). */
export const maglevSize = (backends: number): number =>
  sizes.find((size) => size >= 100 * backends) ?? sizes[sizes.length - 1] ?? 0

/**
 * Maglev's table (Eisenbud et al., NSDI 2016, 3.4): backends in turn take the next free slot of their own permutation,
 * which depends on the backend's name alone. `size` is a prime above the number of backends; the order of `backends`
 * decides who goes first and must be the same everywhere.
 */
export const maglevTable = (backends: readonly Backend[], size: number): Backend[] => {
  const permutations = backends.map((backend) => {
    const name = slotName(backend)
    return { backend, at: hash32(name, 1) % size, skip: (hash32(name, 2) % (size - 1)) + 1 }
  })
  const table = Array.from<Backend | undefined>({ length: size })
  let filled = 0
  while (filled < size) {
    for (const permutation of permutations) {
      while (table[permutation.at] !== undefined) permutation.at = (permutation.at + permutation.skip) % size
      table[permutation.at] = permutation.backend
      filled += 1
      if (filled === size) break
    }
  }
  return table as Backend[]
}
