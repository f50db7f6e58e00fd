import type { SlotName } from '../../scheduling/slots.ts'
import type { Expression, Rule } from '../../rules/model.ts'
import type { NftRule } from '../../kernel/nftables/types.ts'
import { backendName, slotNumber } from './elements.ts'
import { backendInName, isSlotMap } from './names.ts'
import type { ChainObject, ElementObject, NftObject } from './objects.ts'

/**
 * A frontend's 65,536 slots: a quarter for each of its two sets, twice. A table of another size in another order is written
 * where packets in flight do not look (the other generation), then the rule moves there.
 *
 * | slots          | set     | generation |
 * |----------------|---------|------------|
 * | 0 … 16383      | cluster | A          |
 * | 16384 … 32767  | cluster | B          |
 * | 32768 … 49151  | local   | A          |
 * | 49152 … 65535  | local   | B          |
 */
export const SLOTS = 16_384

export type SetName = 'cluster' | 'local'

const firstOffset: Readonly<Record<SetName, number>> = { cluster: 0, local: 2 * SLOTS }

export const startOffset = (set: SetName): number => firstOffset[set]

/** The other generation's range of the same set. */
export const otherOffset = (offset: number): number => (offset % (2 * SLOTS) === 0 ? offset + SLOTS : offset - SLOTS)

/** A slot table as it is in force. */
export interface InForce {
  readonly offset: number
  /** '' where the element is missing */
  readonly names: readonly SlotName[]
}

export type TablesInForce = Readonly<Record<SetName, InForce | null>>

const none: TablesInForce = { cluster: null, local: null }

/** The tables that a frontend's rules use, from its objects (compiled, or read back from a kernel). */
export const tablesInForce = (before: readonly NftObject[] | undefined): TablesInForce => {
  if (before === undefined || before.length === 0) return none
  const picks = before.flatMap((object) =>
    object.kind === 'chain' && /^[fc]-/.test(object.chain.name) ? picksOf(object) : [],
  )
  if (picks.length === 0) return none
  const names = new Map<number, SlotName>()
  for (const object of before) {
    if (object.kind !== 'element') continue
    const name = slotName(object)
    if (name !== null) names.set(slotNumber(object.element.key), name)
  }
  return { cluster: tableOf('cluster', picks, names), local: tableOf('local', picks, names) }
}

const tableOf = (set: SetName, picks: readonly Pick[], names: ReadonlyMap<number, SlotName>): InForce | null => {
  const first = firstOffset[set]
  const pick = picks.find(({ offset }) => offset >= first && offset < first + 2 * SLOTS)
  if (pick === undefined || pick.offset % SLOTS !== 0 || pick.modulus > SLOTS) return null
  const { offset, modulus } = pick
  return { offset, names: Array.from({ length: modulus }, (_, slot) => names.get(offset + slot) ?? '') }
}

/** null: an element without a slot */
const slotName = ({ set, element }: ElementObject): SlotName | null => {
  if (!isSlotMap(set)) return null
  const { data, verdict } = element
  if (data !== undefined) return backendName(data)
  return verdict !== undefined && 'chain' in verdict ? (backendInName(verdict.chain) ?? '') : ''
}

interface Pick {
  readonly modulus: number
  readonly offset: number
}

/** The pick comes first, its fallback (modulus 1, same offset) behind it. */
const picksOf = ({ rules }: ChainObject): readonly Pick[] =>
  'model' in rules ? rules.model.flatMap(modelPicks) : rules.observed.flatMap(observedPicks)

const modelPicks = ({ statements }: Rule): readonly Pick[] =>
  statements.flatMap((statement) =>
    statement.kind === 'dnat-map' || statement.kind === 'vmap' ? statement.key.filter(isPick) : [],
  )

const isPick = (part: Expression): part is Extract<Expression, Pick> => part.kind === 'numgen' || part.kind === 'jhash'

const observedPicks = ({ expressions }: NftRule): readonly Pick[] =>
  expressions.filter((expression) => expression.name === 'numgen' || expression.name === 'jhash')
