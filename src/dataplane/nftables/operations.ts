import type { NftFamily, NftOperation, NftSet } from '../../kernel/nftables/types.ts'
import { type Change, LayoutConflict } from '../plane.ts'
import { ElementGroups } from './element-groups.ts'
import { equalObjects } from './equal.ts'
import type { RuleCache } from './lowered-rules.ts'
import type { ChainObject, CounterObject, NftObject, SetObject, TableObject } from './objects.ts'

export interface OperationsOptions {
  /** the set as the kernel has it, or is about to */
  readonly setOf: (family: NftFamily, table: string, name: string) => NftSet
  readonly rules: RuleCache
}

/** A change by kind of object. */
export interface SortedChange {
  readonly added: SortedObjects
  readonly removed: SortedObjects
  /** the new form of what is replaced */
  readonly after: SortedObjects
  /** chains that get another hook: made anew */
  readonly rehooked: readonly ChainObject[]
}

class SortedObjects {
  readonly tables: TableObject[] = []
  readonly sets: SetObject[] = []
  readonly chains: ChainObject[] = []
  readonly counters: CounterObject[] = []
  readonly elements = new ElementGroups()

  add(object: NftObject): void {
    switch (object.kind) {
      case 'element':
        return this.elements.add(object)
      case 'chain':
        return void this.chains.push(object)
      case 'set':
        return void this.sets.push(object)
      case 'counter':
        return void this.counters.push(object)
      case 'table':
        return void this.tables.push(object)
    }
  }
}

export const sortChange = ({ add, replace, remove }: Change<NftObject>): SortedChange => {
  const added = new SortedObjects()
  const removed = new SortedObjects()
  const after = new SortedObjects()
  const rehooked: ChainObject[] = []
  for (const object of add) added.add(object)
  for (const object of remove) removed.add(object)
  for (const pair of replace) {
    if (onlyCommentDiffers(pair.before, pair.after)) continue
    if (pair.after.kind === 'set')
      throw new LayoutConflict(`${pair.after.key} is there with another definition, by another version of evenkeel`)
    if (pair.before.kind === 'element') removed.add(pair.before)
    after.add(pair.after)
    if (pair.after.kind === 'chain' && pair.before.kind === 'chain' && !sameHook(pair.before, pair.after))
      rehooked.push(pair.after)
  }
  // the elements of a set that is deleted go with it; but a chain that they lead to can only be deleted after them
  for (const { family, table, set } of removed.sets)
    if (set.data !== 'verdict') removed.elements.drop(family, table, set.name)
  return { added, removed, after, rehooked }
}

/**
 * One transaction for a change. The order is what the kernel asks for (a thing before what refers to it) and what is cheapest for it:
 * rules before elements, because a new rule makes it check every element of the maps it uses. Deletions of elements stand before
 * additions, so that a key can be given another value.
 */
export const operationsOf = (
  { added, removed, after, rehooked }: SortedChange,
  { setOf, rules }: OperationsOptions,
): NftOperation[] => {
  const operations: NftOperation[] = []
  const put = (operation: NftOperation): void => void operations.push(operation)
  const elements = (op: 'add-elements' | 'delete-elements', groups: ElementGroups, verdicts: boolean): void => {
    for (const { family, table, name, elements } of groups) {
      const set = setOf(family, table, name)
      if ((set.data === 'verdict') === verdicts) put({ op, family, table, set, elements })
    }
  }
  for (const { family, table, comment } of added.tables) put({ op: 'add-table', family, table, comment })
  for (const { family, table, counter } of added.counters) put({ op: 'add-counter', family, table, counter })
  for (const { family, table, set } of added.sets)
    put({ op: 'add-set', family, table, set: setOf(family, table, set.name) })
  for (const { family, table, chain } of rehooked) put({ op: 'delete-chain', family, table, chain })
  for (const chains of [added.chains, rehooked])
    for (const { family, table, chain } of chains) put({ op: 'add-chain', family, table, chain })
  for (const object of after.chains) if (!rehooked.includes(object)) put(flushChain(object))
  for (const chains of [added.chains, after.chains])
    for (const object of chains) {
      const { family, table, chain } = object
      for (const rule of rules.of(object)) put({ op: 'add-rule', family, table, chain: chain.name, rule })
    }
  elements('delete-elements', removed.elements, true)
  elements('delete-elements', removed.elements, false)
  for (const verdicts of [false, true]) {
    // what leads to a chain comes when the chain and its backends are there
    elements('add-elements', after.elements, verdicts)
    elements('add-elements', added.elements, verdicts)
  }
  for (const object of removed.chains) put(flushChain(object))
  for (const { family, table, chain } of removed.chains) put({ op: 'delete-chain', family, table, chain })
  for (const { family, table, set } of removed.sets) put({ op: 'delete-set', family, table, set })
  for (const { family, table, counter } of removed.counters) put({ op: 'delete-counter', family, table, counter })
  for (const { family, table } of removed.tables) put({ op: 'delete-table', family, table })
  return operations
}

/** A kernel never changes a comment. That is no reason to write at every start. */
const onlyCommentDiffers = (before: NftObject, after: NftObject): boolean => {
  if (before.kind === 'set' && after.kind === 'set') {
    const { comment } = after.set
    return before.set.comment !== comment && equalObjects({ ...before, set: { ...before.set, comment } }, after)
  }
  if (before.kind === 'chain' && after.kind === 'chain') {
    const { comment } = after.chain
    return before.chain.comment !== comment && equalObjects({ ...before, chain: { ...before.chain, comment } }, after)
  }
  return before.kind === 'counter' || before.kind === 'table'
}

const flushChain = ({ family, table, chain }: ChainObject): NftOperation => ({
  op: 'flush-chain',
  family,
  table,
  chain: chain.name,
})

const sameHook = ({ chain: { hook: a } }: ChainObject, { chain: { hook: b } }: ChainObject): boolean => {
  if (a === null || b === null) return a === b
  return a.type === b.type && a.hook === b.hook && a.priority === b.priority && a.policy === b.policy
}

/** Before 6.2 a chain cannot be deleted in the transaction that deletes the elements which lead to it: a second one does. */
export const splitForOldKernels = (operations: readonly NftOperation[]): [NftOperation[], NftOperation[]] => {
  const deletesJumps = operations.some((one) => one.op === 'delete-elements' && one.set.data === 'verdict')
  const late = (one: NftOperation): boolean => deletesJumps && lateOperations.has(one.op)
  return [operations.filter((one) => !late(one)), operations.filter(late)]
}

const lateOperations: ReadonlySet<NftOperation['op']> = new Set([
  'delete-chain',
  'delete-set',
  'delete-counter',
  'delete-table',
])
