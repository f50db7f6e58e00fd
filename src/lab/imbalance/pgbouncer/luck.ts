import { variation } from '../../../inspect/statistics/index.ts'
import { randomBelow, seededRandom } from '../../../util/random.ts'

/** How often luck alone makes a published picture. Pure. */

export interface Chances {
  readonly connections: number
  /** the counts vary as much as the picture (coefficient of variation), or more */
  readonly asUneven: number
  /** the lightest pod has as little of the mean as the picture's, or less */
  readonly asLight: number
  /**
   * the lightest has as little of the second lightest as the picture's, or less: what is left of the picture where the others may all be at a
   * limit, as PgBouncer, which has one thread, is at 1,000 millicores
   */
  readonly asFarBehind: number
}

/** Puts `connections` on pods and answers each pod's. */
export type Deal = (connections: number, random: () => number) => readonly number[]

/** Each for itself, every pod alike. */
export const atRandom =
  (pods: number): Deal =>
  (connections, random) => {
    const counts = Array.from({ length: pods }, () => 0)
    for (let i = 0; i < connections; i++) {
      const pod = randomBelow(random, pods)
      counts[pod] = (counts[pod] ?? 0) + 1
    }
    return counts
  }

/** In turn on each of the nodes, which begin anywhere; they have as equally many as it goes. */
export const inTurn =
  (pods: number, nodes: number): Deal =>
  (connections, random) => {
    const counts = Array.from({ length: pods }, () => 0)
    for (let node = 0; node < nodes; node++) {
      const start = randomBelow(random, pods)
      for (let i = node; i < connections; i += nodes) {
        const pod = (start + (i - node) / nodes) % pods
        counts[pod] = (counts[pod] ?? 0) + 1
      }
    }
    return counts
  }

/** Of so many draws, those that are like the picture; the same seed gives the same answer. */
export const chancesOf = (
  picture: readonly number[],
  connections: number,
  { deal, draws, seed }: { readonly deal: Deal; readonly draws: number; readonly seed: string },
): Chances => {
  const random = seededRandom(`${seed} ${connections}`)
  const limits = shapeOf(picture)
  const found = { asUneven: 0, asLight: 0, asFarBehind: 0 }
  for (let i = 0; i < draws; i++) {
    const shape = shapeOf(deal(connections, random))
    // equal shapes differ in the last bit
    if (shape.variation >= limits.variation - 1e-12) found.asUneven++
    if (shape.ofMean <= limits.ofMean + 1e-12) found.asLight++
    if (shape.ofNext <= limits.ofNext + 1e-12) found.asFarBehind++
  }
  return {
    connections,
    asUneven: found.asUneven / draws,
    asLight: found.asLight / draws,
    asFarBehind: found.asFarBehind / draws,
  }
}

interface Shape {
  readonly variation: number
  /** of the lightest */
  readonly ofMean: number
  /** of the lightest to the second lightest; 1 where both are 0 */
  readonly ofNext: number
}

const shapeOf = (counts: readonly number[]): Shape => {
  const [least = 0, next = 0] = counts.toSorted((a, b) => a - b)
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return { variation: variation(counts), ofMean: least / mean, ofNext: next === 0 ? 1 : least / next }
}
