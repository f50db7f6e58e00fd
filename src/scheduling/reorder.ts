import type { Backend } from '../model/frontend.ts'
import { hash32, randomBelow, seededRandom, shuffle } from '../util/random.ts'
import type { SlotName } from './slots.ts'
import { slotName } from './stable.ts'

/** Up to here all orders are gone through (12! = 479 million); above, an order picked at random comes back too seldom to matter. */
const ENUMERATED = 12

/**
 * Another order for a table that is replaced, because the kernel begins at its first slot again: a pod that comes and goes must not
 * bring its neighbours all connections. A hash of the set alone would give the same order each time, and any random function of
 * so few orders soon goes in a small circle. So the backends that stay take the next of all their orders, in a circle through
 * every one of them; newcomers are put in between. Without any that stay (a first table): a seeded order.
 */
export const reorder = (backends: readonly Backend[], before: readonly SlotName[], seed: string): Backend[] => {
  if (before.length === 0) return shuffle(backends, seed)
  const places = new Map<SlotName, number>()
  for (const [place, name] of before.entries()) if (!places.has(name)) places.set(name, place)
  const placeOf = (backend: Backend): number => places.get(slotName(backend)) ?? -1
  const staying = backends.filter((backend) => placeOf(backend) >= 0)
  const stateSeed = `${seed} ${hash32(before.join(' '))}`
  if (staying.length === 0 || staying.length > ENUMERATED) return shuffle(backends, stateSeed)
  const now = [...staying.keys()].sort((a, b) => placeOf(staying[a] as Backend) - placeOf(staying[b] as Backend))
  // two have two orders only: coming and going must not undo each other
  const keeps = staying.length === 2 && places.size === 2
  const next = keeps ? now : nextPermutation(now, hash32(seed))
  const order = next.map((index) => staying[index] as Backend)
  const random = seededRandom(stateSeed)
  for (const backend of backends) {
    if (placeOf(backend) < 0) order.splice(randomBelow(random, order.length + 1), 0, backend)
  }
  return order
}

/**
 * Numbers all permutations and goes from each to the next by x → ax + c (mod n!), which visits every number before one comes again
 * (Hull and Dobell, 1962): a − 1 has every prime factor of n! and the factor 4, c has none of them.
 */
export const nextPermutation = (order: readonly number[], seed: number): number[] => {
  const count = factorial(order.length)
  const increment = INCREMENTS[seed % INCREMENTS.length] as number
  return permutationAt((rankOf(order) * MULTIPLIER + increment) % count, order.length)
}

// 4,620 = 4 · 3 · 5 · 7 · 11: all primes up to 12; 4,621 · 12! is still an exact double
const MULTIPLIER = 4_621
const INCREMENTS = [13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

/** The permutation's place in lexicographic order (its Lehmer code). */
const rankOf = (order: readonly number[]): number => {
  let rank = 0
  for (let i = 0; i < order.length; i++) {
    let smaller = 0
    for (let j = i + 1; j < order.length; j++) if ((order[j] as number) < (order[i] as number)) smaller++
    rank += smaller * factorial(order.length - 1 - i)
  }
  return rank
}

const permutationAt = (rank: number, length: number): number[] => {
  const left = Array.from({ length }, (_, index) => index)
  let rest = rank
  return Array.from({ length }, (_, place) => {
    const size = factorial(length - 1 - place)
    const [index] = left.splice(Math.floor(rest / size), 1)
    rest %= size
    return index as number
  })
}
