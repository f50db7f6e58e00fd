import type { NftElement } from '../../../kernel/nftables/types.ts'
import type { Bytes, ElementValue, RuleSet } from '../../../rules/model.ts'
import { padded } from '../../../rules/bytes.ts'
import type { Bounds } from '../nft-rules/datatypes.ts'
import { type Range, ruleSetOf } from '../nft-rules/sets.ts'
import { type Links, modelBytes } from './comparisons.ts'
import type { Value } from './registers.ts'

/** A set as the kernel lists it. */
export interface ListedSet {
  readonly name: string
  readonly isMap: boolean
  readonly dynamic: boolean
  readonly elements: readonly NftElement[]
}

/** With its keys as the model has them; the rules that use it say of what they are. */
export const listedSet = (
  { name, isMap, dynamic, elements }: ListedSet,
  key: readonly Value[],
  links: Links,
): RuleSet => {
  const exact = new Map<Bytes, ElementValue>()
  const ranges: Range[] = []
  let other: ElementValue | undefined
  for (const element of elements) {
    const value = valueOf(element, isMap)
    if (element.key === '') {
      // what all other keys lead to has none
      other = value
      continue
    }
    const low = partsOf(element.key, key, links)
    if (low === undefined) continue
    const high = element.keyEnd === undefined ? low : partsOf(element.keyEnd, key, links)
    if (high === undefined) continue
    const bounds = low.map((part, index): Bounds => ({ low: part, high: high[index] ?? part }))
    if (bounds.every((one) => one.low === one.high))
      exact.set(low.length === 1 ? (low[0] ?? '') : low.map(padded).join(''), value)
    else ranges.push({ bounds, value })
  }
  const lengths = key.map(({ width, order }) => (order === 'index' ? 16 : width))
  return ruleSetOf(name, dynamic, { exact, ranges, other, lengths })
}

const member: ElementValue = { to: 'member' }

/** An element of a verdict map without a verdict that we know (continue) leads nowhere, as a member does. */
const valueOf = ({ data, verdict, packets }: NftElement, isMap: boolean): ElementValue => {
  if (!isMap) return member
  if (verdict !== undefined) return { to: 'jump', jump: verdict }
  if (data === undefined) return member
  return packets === undefined ? { to: 'data', data } : { to: 'data', data, packets }
}

/** Parts of a concatenation are padded to 4 bytes, a single one is not. */
const partsOf = (bytes: Bytes, key: readonly Value[], links: Links): readonly Bytes[] | undefined => {
  const parts: Bytes[] = []
  let at = 0
  for (const value of key) {
    const part = modelBytes(value, bytes.slice(at, at + value.width), links)
    if (part === undefined) return undefined
    parts.push(part)
    at += (value.width + 3) & ~3
  }
  return parts
}
