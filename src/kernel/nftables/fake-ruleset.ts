import { KernelError } from '../errors.ts'
import type {
  Bytes,
  NftChain,
  NftCounter,
  NftElement,
  NftExpr,
  NftFamily,
  NftHook,
  NftOperation,
  NftRule,
  NftSet,
  NftTransactionResult,
  NftVerdict,
} from './types.ts'

/** What nf_tables holds, as net/netfilter/nf_tables_api.c keeps it: objects know how many others use them. */
export interface FakeTable {
  readonly family: NftFamily
  readonly name: string
  comment: string
  readonly chains: Map<string, FakeChain>
  readonly sets: Map<string, FakeSet>
  readonly counters: Map<string, FakeCounter>
}

export interface FakeChain {
  readonly spec: NftChain
  rules: NftRule[]
  /** jumps to it, from rules and from elements */
  uses: number
}

export interface FakeSet {
  readonly spec: NftSet
  readonly elements: Map<Bytes, NftElement>
  /** counted sets only */
  readonly packets: Map<Bytes, number>
  uses: number
}

export interface FakeCounter {
  readonly spec: NftCounter
  packets: number
  uses: number
}

export interface FakeRulesetOptions {
  /**
   * Before 6.2 (and its stable kernels) the use that a deleted element made of a chain ended with the transaction, not in it:
   * a chain cannot be deleted together with the last element that leads to it.
   */
  readonly chainUsesEndLate: boolean
}

/** One namespace's tables. A transaction takes effect as a whole or throws KernelError and takes none. */
export class FakeRuleset {
  readonly tables = new Map<string, FakeTable>()
  generation = 1
  readonly #options: FakeRulesetOptions
  #undo: (() => void)[] = []
  #late: (() => void)[] = []
  #deleted: NftTransactionResult['deleted'][number][] = []

  constructor(options: FakeRulesetOptions) {
    this.#options = options
  }

  transaction(operations: readonly NftOperation[]): NftTransactionResult['deleted'] {
    this.#undo = []
    this.#late = []
    this.#deleted = []
    try {
      for (const operation of operations) this.#apply(operation)
    } catch (error) {
      for (const step of this.#undo.reverse()) step()
      throw error
    } finally {
      this.#undo = []
    }
    for (const step of this.#late) step()
    this.generation++
    return this.#deleted
  }

  table(family: NftFamily, name: string, operation: string): FakeTable {
    return this.tables.get(tableKey(family, name)) ?? fail(operation, 'ENOENT', `${family} ${name}`, 'no such table')
  }

  #apply(operation: NftOperation): void {
    if (operation.op === 'add-table') return this.#addTable(operation.family, operation.table, operation.comment ?? '')
    const table = this.table(operation.family, operation.table, operation.op)
    switch (operation.op) {
      case 'delete-table':
        return this.#remove(this.tables, tableKey(table.family, table.name))
      case 'add-chain':
        return this.#addChain(table, operation.chain)
      case 'delete-chain':
        return this.#deleteChain(table, operation.chain.name)
      case 'flush-chain':
        return this.#flush(table, chainOf(table, operation.chain, 'flush-chain'))
      case 'add-rule':
        return this.#addRule(table, operation.chain, operation.rule)
      case 'delete-rule':
        return fail('delete-rule', 'EOPNOTSUPP', `${table.name} ${operation.chain}`, 'the fake has no handles')
      case 'add-counter':
        return this.#addCounter(table, operation.counter)
      case 'delete-counter':
        return this.#deleteUnused(table, table.counters, operation.counter.name, 'delete-counter')
      case 'add-set':
        return this.#addSet(table, operation.set)
      case 'delete-set':
        return this.#deleteSet(table, operation.set.name)
      case 'add-elements':
        for (const element of operation.elements) this.#addElement(table, operation.set.name, element)
        return
      case 'delete-elements':
        for (const element of operation.elements) this.#deleteElement(table, operation.set.name, element)
        return
    }
  }

  #addTable(family: NftFamily, name: string, comment: string): void {
    const key = tableKey(family, name)
    if (this.tables.has(key)) return
    this.#put(this.tables, key, { family, name, comment, chains: new Map(), sets: new Map(), counters: new Map() })
  }

  #addChain(table: FakeTable, spec: NftChain): void {
    const existing = table.chains.get(spec.name)
    if (!existing) return this.#put(table.chains, spec.name, { spec, rules: [], uses: 0 })
    if (!sameHook(existing.spec.hook, spec.hook)) fail('add-chain', 'EEXIST', spec.name, 'exists with another hook')
  }

  #deleteChain(table: FakeTable, name: string): void {
    const chain = chainOf(table, name, 'delete-chain')
    this.#flush(table, chain)
    this.#deleteUnused(table, table.chains, name, 'delete-chain')
  }

  #flush(table: FakeTable, chain: FakeChain): void {
    const rules = chain.rules
    this.#change(
      () => (chain.rules = []),
      () => (chain.rules = rules),
    )
    for (const rule of rules) this.#use(table, rule, -1)
  }

  #addRule(table: FakeTable, name: string, rule: NftRule): void {
    const chain = chainOf(table, name, 'add-rule')
    this.#use(table, rule, 1)
    const rules = chain.rules
    this.#change(
      () => (chain.rules = [...rules, rule]),
      () => (chain.rules = rules),
    )
  }

  #use(table: FakeTable, rule: NftRule, by: 1 | -1): void {
    for (const expression of rule.expressions) {
      const used = usedBy(table, expression)
      if (used)
        this.#change(
          () => (used.uses += by),
          () => (used.uses -= by),
        )
    }
  }

  #addCounter(table: FakeTable, spec: NftCounter): void {
    if (!table.counters.has(spec.name)) this.#put(table.counters, spec.name, { spec, packets: 0, uses: 0 })
  }

  #addSet(table: FakeTable, spec: NftSet): void {
    const existing = table.sets.get(spec.name)
    if (!existing) this.#put(table.sets, spec.name, { spec, elements: new Map(), packets: new Map(), uses: 0 })
    else if (!sameSet(existing.spec, spec)) fail('add-set', 'EEXIST', spec.name, 'exists with another type')
  }

  #deleteSet(table: FakeTable, name: string): void {
    const set = setOf(table, name, 'delete-set')
    for (const element of set.elements.values()) this.#useByElement(table, element, -1)
    this.#deleteUnused(table, table.sets, name, 'delete-set')
  }

  #addElement(table: FakeTable, name: string, element: NftElement): void {
    const set = setOf(table, name, 'add-elements')
    const existing = set.elements.get(element.key)
    if (existing) {
      if (!sameElement(existing, element))
        fail('add-elements', set.spec.interval ? 'EEXIST' : 'EBUSY', `${name} ${hex(element.key)}`, 'other data')
      return
    }
    if (set.spec.interval && overlaps(set, element))
      fail('add-elements', 'EEXIST', `${name} ${hex(element.key)}`, 'interval overlaps')
    if (set.spec.size > 0 && set.elements.size >= set.spec.size) fail('add-elements', 'ENFILE', name, 'set is full')
    this.#useByElement(table, element, 1)
    this.#put(set.elements, element.key, element)
    if (set.spec.counter) this.#put(set.packets, element.key, 0)
  }

  #deleteElement(table: FakeTable, name: string, { key }: NftElement): void {
    const set = setOf(table, name, 'delete-elements')
    const element = set.elements.get(key) ?? fail('delete-elements', 'ENOENT', `${name} ${hex(key)}`, 'no such element')
    this.#remove(set.elements, key)
    const packets = set.packets.get(key)
    if (packets !== undefined) {
      this.#remove(set.packets, key)
      this.#deleted.push({ family: table.family, table: table.name, set: name, element: { ...element, packets } })
    }
    if (this.#options.chainUsesEndLate) this.#late.push(() => countUse(table, element, -1))
    else this.#useByElement(table, element, -1)
  }

  #useByElement(table: FakeTable, element: NftElement, by: 1 | -1): void {
    this.#change(
      () => countUse(table, element, by),
      () => countUse(table, element, by === 1 ? -1 : 1),
    )
  }

  #deleteUnused<T extends { uses: number }>(
    table: FakeTable,
    map: Map<string, T>,
    name: string,
    operation: string,
  ): void {
    const object = map.get(name) ?? fail(operation, 'ENOENT', `${table.family} ${table.name} ${name}`, 'does not exist')
    if (object.uses > 0)
      fail(operation, 'EBUSY', `${table.family} ${table.name} ${name}`, `still used ${object.uses} times`)
    this.#remove(map, name)
  }

  #put<V>(map: Map<string, V>, key: string, value: V): void {
    map.set(key, value)
    this.#undo.push(() => map.delete(key))
  }

  #remove<V>(map: Map<string, V>, key: string): void {
    const value = map.get(key)
    map.delete(key)
    if (value !== undefined) this.#undo.push(() => map.set(key, value))
  }

  #change(effect: () => void, undo: () => void): void {
    effect()
    this.#undo.push(undo)
  }
}

const tableKey = (family: NftFamily, name: string): string => `${family} ${name}`

export const hex = (bytes: Bytes): string => Buffer.from(bytes, 'latin1').toString('hex')

function fail(operation: string, errno: string, object: string, detail: string): never {
  throw new KernelError({ operation: `nftables ${operation.replace('-', ' ')}`, errno, object, detail })
}

function chainOf(table: FakeTable, name: string, operation: string): FakeChain {
  return table.chains.get(name) ?? fail(operation, 'ENOENT', `${table.family} ${table.name} ${name}`, 'no such chain')
}

function setOf(table: FakeTable, name: string, operation: string): FakeSet {
  return table.sets.get(name) ?? fail(operation, 'ENOENT', `${table.family} ${table.name} ${name}`, 'no such set')
}

function usedBy(table: FakeTable, expression: NftExpr): { uses: number } | null {
  switch (expression.name) {
    case 'lookup':
    case 'dynset':
      return setOf(table, expression.set, 'add-rule')
    case 'objref':
      return table.counters.get(expression.counter) ?? fail('add-rule', 'ENOENT', expression.counter, 'no such counter')
    case 'verdict':
      return target(table, expression.verdict, 'add-rule')
    default:
      return null
  }
}

function countUse(table: FakeTable, element: NftElement, by: 1 | -1): void {
  const chain = element.verdict && target(table, element.verdict, 'add-elements')
  if (chain) chain.uses += by
}

function target(table: FakeTable, verdict: NftVerdict, operation: string): FakeChain | null {
  return 'chain' in verdict ? chainOf(table, verdict.chain, operation) : null
}

const overlaps = (set: FakeSet, element: NftElement): boolean => {
  const end = element.keyEnd ?? element.key
  for (const other of set.elements.values()) {
    if (element.key <= (other.keyEnd ?? other.key) && other.key <= end) return true
  }
  return false
}

const sameHook = (a: NftHook | null, b: NftHook | null): boolean =>
  b === null || (a !== null && a.type === b.type && a.hook === b.hook && a.priority === b.priority)

const sameSet = (a: NftSet, b: NftSet): boolean =>
  a.key.join() === b.key.join() &&
  String(a.data) === String(b.data) &&
  a.interval === b.interval &&
  a.dynamic === b.dynamic &&
  a.timeoutMs === b.timeoutMs &&
  a.counter === b.counter

const sameElement = (a: NftElement, b: NftElement): boolean =>
  (a.keyEnd ?? a.key) === (b.keyEnd ?? b.key) && a.data === b.data && sameVerdict(a.verdict, b.verdict)

const sameVerdict = (a: NftVerdict | undefined, b: NftVerdict | undefined): boolean =>
  a?.verdict === b?.verdict && (a && 'chain' in a ? a.chain : '') === (b && 'chain' in b ? b.chain : '')
