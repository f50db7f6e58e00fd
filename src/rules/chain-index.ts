import type { Flow } from './flow.ts'
import { isAside, isMatch } from './matches.ts'
import type { Bytes, Chain, Rule } from './model.ts'

/** Shorter chains are walked rule by rule. */
const LONG = 32
/** Flows to more destinations than this are not worth looking up. */
const FEW = 8

/** Rules of a long chain by the one destination address they are for: KUBE-SERVICES has thousands, and a packet is met by a few. */
export interface ChainIndex {
  readonly byAddress: ReadonlyMap<Bytes, readonly number[]>
  /** rules for any address, in order */
  readonly others: readonly number[]
}

export const indexOf = ({ rules }: Chain): ChainIndex | null => {
  if (rules.length < LONG) return null
  const byAddress = new Map<Bytes, number[]>()
  const others: number[] = []
  for (const [index, rule] of rules.entries()) {
    const address = destinationOf(rule)
    const group = address === null ? others : byAddress.get(address)
    if (group) group.push(index)
    else byAddress.set(address as Bytes, [index])
  }
  return others.length * 2 > rules.length ? null : { byAddress, others }
}

/** The address among a rule's leading matches; null where it names none, or a network. */
const destinationOf = ({ statements }: Rule): Bytes | null => {
  for (const one of statements) {
    if (!isMatch(one) && !isAside(one) && one.kind !== 'unknown') return null
    if (one.kind !== 'match' || one.mask !== undefined || one.op !== '==' || one.left.kind !== 'field') continue
    if (one.left.field === 'ip daddr' || one.left.field === 'ip6 daddr') return one.right
  }
  return null
}

/** Rules that any of the flows may be met by, in order; the others name another destination. Null: ask all. */
export const candidates = ({ byAddress, others }: ChainIndex, flows: readonly Flow[]): readonly number[] | null => {
  const addresses = new Set<Bytes>()
  for (const { daddr } of flows) {
    addresses.add(daddr)
    if (addresses.size > FEW) return null
  }
  let found = others
  for (const address of addresses) found = merged(found, byAddress.get(address) ?? [])
  return found
}

const merged = (a: readonly number[], b: readonly number[]): readonly number[] => {
  if (b.length === 0) return a
  const both: number[] = []
  let i = 0
  for (const index of b) {
    for (; i < a.length && (a[i] as number) < index; i++) both.push(a[i] as number)
    both.push(index)
  }
  for (; i < a.length; i++) both.push(a[i] as number)
  return both
}
