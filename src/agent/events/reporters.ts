import { hash32 } from '../../util/random.ts'
import { type Fact, factKey } from './fact.ts'

/** nodes that tell at once what every node knows */
const REPORTERS = 3
/** ms after which the others make sure that somebody did, and within which they spread */
const OTHERS = { after: 600_000, spread: 600_000 }
/** ms within which nodes spread where nobody is nearest */
const ANYBODY = 60_000

export interface Turn {
  /** ms until this node tells it */
  readonly wait: number
  /** it is for this node to keep it alive */
  readonly mine: boolean
}

/**
 * Rendezvous hashing over the nodes that have endpoints of the Service, which every node knows: a few tell a fact that all of them
 * find, so that a cluster of 5,000 nodes does not send 5,000 requests. The others come later and find it told, or tell it themselves.
 */
export const turnOf = (fact: Fact, node: string, candidates: ReadonlySet<string>): Turn => {
  if (fact.scope === 'node') return { wait: 0, mine: true }
  const key = factKey(fact)
  const own = hash32(`${node}\0${key}`)
  const spread = own / 2 ** 32
  if (candidates.size === 0) return { wait: spread * ANYBODY, mine: false }
  let before = 0
  for (const other of candidates) if (other !== node && hash32(`${other}\0${key}`) < own) before++
  const mine = candidates.has(node) && before < REPORTERS
  return mine ? { wait: 0, mine } : { wait: OTHERS.after + spread * OTHERS.spread, mine }
}
