import type { NftElement, NftFamily, NftOperation, NftSet } from '../../kernel/nftables/types.ts'
import type { Change } from '../plane.ts'
import { lowerRule } from './lower.ts'
import {
  type ChainObject,
  type CounterObject,
  type ElementObject,
  type NftObject,
  type SetObject,
  type TableObject,
} from './objects.ts'

/** What a change says, by kind of object. */
interface Sorted {
  readonly tables: TableObject[]
  readonly sets: SetObject[]
  readonly chains: ChainObject[]
  readonly counters: CounterObject[]
  readonly elements: ElementObject[]
}

/** The set as the kernel has it (or is about to). */
export type SetLookup = (family: NftFamily, table: string, name: string) => NftSet

/**
 * One transaction for a change. The order is what the kernel asks for (a thing before what refers to it) and what is cheapest for it:
 * rules before elements, because a new rule makes it check every element of the maps it uses. Deletions of elements stand before
 * additions, so that a key can be given another value.
 */
export const operationsOf = (change: Change<NftObject>, sets: SetLookup): NftOperation[] => {
  const added = sorted(change.add)
  const after = sorted(change.replace.map((pair) => pair.after))
  const before = sorted(change.replace.map((pair) => pair.before))
  const removed = sorted(change.remove)
  const dying = new Set(removed.sets.map(({ key }) => key))
  // the elements of a set that is deleted go with it
  const removedElements = removed.elements.filter(
    ({ family, table, set }) => !dying.has(`set ${family} ${table} ${set}`),
  )
  const rehooked = after.chains.filter((chain, index) => !sameHook(chain, before.chains[index]))
  return [
    ...added.tables.map(addTable),
    ...[...added.counters, ...after.counters].map(addCounter),
    ...[...added.sets, ...after.sets].map((object) => addSet(object, sets)),
    ...rehooked.map(deleteChain),
    ...[...added.chains, ...rehooked].map(addChain),
    ...after.chains.filter((chain) => !rehooked.includes(chain)).map(flushChain),
    ...[...added.chains, ...after.chains].flatMap(addRules),
    ...elementOperations('delete-elements', [...removedElements, ...before.elements], sets),
    ...elementOperations('add-elements', [...after.elements, ...added.elements], sets),
    ...removed.chains.map(flushChain),
    ...removed.chains.map(deleteChain),
    ...removed.sets.map(deleteSet),
    ...removed.counters.map(deleteCounter),
    ...removed.tables.map(deleteTable),
  ]
}

const sorted = (objects: readonly NftObject[]): Sorted => {
  const result: Sorted = { tables: [], sets: [], chains: [], counters: [], elements: [] }
  for (const object of objects) {
    if (object.kind === 'element') result.elements.push(object)
    else if (object.kind === 'table') result.tables.push(object)
    else if (object.kind === 'chain') result.chains.push(object)
    else if (object.kind === 'set') result.sets.push(object)
    else result.counters.push(object)
  }
  return result
}

/** One operation a set. Verdicts last: what leads to a chain comes when the chain and its backends are there. */
const elementOperations = (
  op: 'add-elements' | 'delete-elements',
  objects: readonly ElementObject[],
  sets: SetLookup,
): NftOperation[] => {
  const bySet = new Map<string, { family: NftFamily; table: string; set: NftSet; elements: NftElement[] }>()
  for (const { family, table, set: name, element } of objects) {
    const key = `${family} ${table} ${name}`
    const group = bySet.get(key)
    if (group) group.elements.push(element)
    else bySet.set(key, { family, table, set: sets(family, table, name), elements: [element] })
  }
  const groups = [...bySet.values()].sort((a, b) => Number(a.set.data === 'verdict') - Number(b.set.data === 'verdict'))
  if (op === 'delete-elements') groups.reverse()
  return groups.map(({ family, table, set, elements }) => ({ op, family, table, set, elements }))
}

const addTable = ({ family, table, comment }: TableObject): NftOperation => ({
  op: 'add-table',
  family,
  table,
  comment,
})
const deleteTable = ({ family, table }: TableObject): NftOperation => ({ op: 'delete-table', family, table })

const addCounter = ({ family, table, counter }: CounterObject): NftOperation => ({
  op: 'add-counter',
  family,
  table,
  counter,
})
const deleteCounter = ({ family, table, counter }: CounterObject): NftOperation => ({
  op: 'delete-counter',
  family,
  table,
  counter,
})
const addSet = ({ family, table, set }: SetObject, sets: SetLookup): NftOperation => ({
  op: 'add-set',
  family,
  table,
  set: sets(family, table, set.name),
})
const deleteSet = ({ family, table, set }: SetObject): NftOperation => ({ op: 'delete-set', family, table, set })
const addChain = ({ family, table, chain }: ChainObject): NftOperation => ({ op: 'add-chain', family, table, chain })
const flushChain = ({ family, table, chain }: ChainObject): NftOperation => ({
  op: 'flush-chain',
  family,
  table,
  chain: chain.name,
})
const deleteChain = ({ family, table, chain }: ChainObject): NftOperation => ({
  op: 'delete-chain',
  family,
  table,
  chain,
})

const addRules = ({ family, table, chain, rules }: ChainObject): NftOperation[] => {
  const lowered =
    'observed' in rules
      ? rules.observed
      : rules.model.map((rule) => ({ expressions: lowerRule(rule, ipFamily(family)), comment: rule.comment ?? '' }))
  return lowered.map((rule) => ({ op: 'add-rule', family, table, chain: chain.name, rule }))
}

const sameHook = (a: ChainObject, b: ChainObject | undefined): boolean => {
  const x = a.chain.hook
  const y = b?.chain.hook ?? null
  if (x === null || y === null) return x === y
  return x.type === y.type && x.hook === y.hook && x.priority === y.priority && x.policy === y.policy
}

const ipFamily = (family: NftFamily): 'ip' | 'ip6' => (family === 'ip6' ? 'ip6' : 'ip')
