import type { Kernel } from '../../kernel/kernel.ts'
import type { NftOperation, Nftables, NftSet } from '../../kernel/nftables/types.ts'
import { KernelError } from '../../kernel/errors.ts'
import type { Change, Counters, Driver, Observed } from '../plane.ts'
import type { DriverOptions } from '../registry.ts'
import { ConnectionCounts } from './connection-counts.ts'
import type { TablePlace } from './chains.ts'
import { affordableCounters, olderThan } from './counter-budget.ts'
import { type NftObject, TABLES } from './objects.ts'
import { readTables } from './observe.ts'
import { operationsOf } from './operations.ts'

/** Opens a connection to nf_tables and changes nothing. What already stands in tables of our name is taken for ours. */
export const openNftablesDriver = async (kernel: Kernel, { log }: DriverOptions): Promise<Driver<NftObject>> =>
  new NftablesDriver(kernel, await kernel.nftables(log), log)

class NftablesDriver implements Driver<NftObject> {
  readonly #nft: Nftables
  readonly #log: DriverOptions['log']
  readonly #affordable: number
  readonly #chainsOutliveElements: boolean
  readonly #counts = new ConnectionCounts()
  /** as they are in the kernel, by `family table name` */
  #sets = new Map<string, NftSet>()
  /** elements with a counter, about */
  #counted = 0

  constructor(kernel: Kernel, nft: Nftables, log: DriverOptions['log']) {
    this.#nft = nft
    this.#log = log
    this.#affordable = affordableCounters(kernel)
    this.#chainsOutliveElements = olderThan(kernel.release, 6, 2)
  }

  async observe(signal?: AbortSignal): Promise<Observed<NftObject>> {
    const reading = await readTables(this.#nft, signal)
    this.#sets = new Map(reading.sets)
    this.#counted = 0
    for (const objects of reading.frontends.values())
      for (const object of objects) this.#counted += this.#isCounted(object)
    this.#counts.begin(reading.other)
    return reading
  }

  async apply(change: Change<NftObject>, signal?: AbortSignal): Promise<void> {
    const sets = this.#setsOf(change)
    const operations = operationsOf(change, (family, table, name) => {
      const key = `${family} ${table} ${name}`
      return sets.get(key) ?? this.#sets.get(key) ?? unknownSet(key)
    })
    const [first, second] = this.#chainsOutliveElements ? splitForOldKernels(operations) : [operations, []]
    await this.#send(first, signal)
    this.#remember(change, sets)
    if (second.length > 0) await this.#sendRest(second, signal)
  }

  async counters(): Promise<Counters> {
    return this.#counts.read(this.#nft, this.#sets, await this.#tables())
  }

  async owned(): Promise<readonly string[]> {
    const lines: string[] = []
    for (const { family, table } of await this.#tables()) {
      const of = `table ${family} ${table}`
      lines.push(of)
      for (const { name } of await this.#nft.chains(family, table)) lines.push(`${of} chain ${name}`)
      for (const set of await this.#nft.sets(family, table)) {
        const { length } = await this.#nft.elements(family, table, set)
        lines.push(`${of} ${set.data === null ? 'set' : 'map'} ${set.name} (${length} elements)`)
      }
      for (const { name } of await this.#nft.counters(family, table)) lines.push(`${of} counter ${name}`)
    }
    return lines.sort()
  }

  async remove(): Promise<void> {
    const tables = await this.#tables()
    await this.#nft.transaction(tables.map(({ family, table }) => ({ op: 'delete-table', family, table }) as const))
    this.#sets.clear()
  }

  onForeignChange(listener: (what: string) => void): void {
    for (const table of TABLES)
      this.#nft.watch(table, ({ kind, what }) =>
        listener(kind === 'lost' ? `unknown: events were lost (${what})` : what),
      )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#nft[Symbol.asyncDispose]())
  }

  async #send(operations: readonly NftOperation[], signal?: AbortSignal): Promise<void> {
    const { deleted } = await this.#nft.transaction(operations, signal)
    for (const { set, family, element } of deleted) this.#counts.keep(family, set, element)
  }

  /** The first part is in force: whatever happens now, the change is not undone. */
  async #sendRest(operations: readonly NftOperation[], signal?: AbortSignal): Promise<void> {
    try {
      await this.#send(operations, signal)
    } catch (cause) {
      const detail = 'the second part of a change failed, the first is in force'
      throw new KernelError({ operation: 'nftables transaction', errno: '', detail }, { cause })
    }
  }

  /** Those of our tables that are there. */
  async #tables(): Promise<readonly TablePlace[]> {
    const tables: TablePlace[] = []
    for (const family of ['ip', 'ip6'] as const)
      for (const table of TABLES) if (await this.#nft.tableExists(family, table)) tables.push({ family, table })
    return tables
  }

  /** The sets that the change makes: with counters where these can be paid. */
  #setsOf({ add, replace }: Change<NftObject>): Map<string, NftSet> {
    const sets = new Map<string, NftSet>()
    const made = [...add, ...replace.map(({ after }) => after)].filter((object) => object.kind === 'set')
    if (made.length === 0) return sets
    const counted = new Set(
      made.filter(({ set }) => set.counter).map(({ family, table, set }) => `${family} ${table} ${set.name}`),
    )
    let wanted = this.#counted
    for (const object of add)
      if (object.kind === 'element' && counted.has(`${object.family} ${object.table} ${object.set}`)) wanted++
    const affordable = wanted <= this.#affordable
    if (counted.size > 0 && !affordable)
      this.#log.warn(
        { wanted, affordable: this.#affordable },
        'connections per backend are not counted: too much memory per CPU, or an old kernel',
      )
    for (const { family, table, set } of made)
      sets.set(`${family} ${table} ${set.name}`, { ...set, counter: set.counter && affordable })
    return sets
  }

  #remember({ add, remove }: Change<NftObject>, sets: ReadonlyMap<string, NftSet>): void {
    for (const [name, set] of sets) this.#sets.set(name, set)
    for (const object of add) this.#counted += this.#isCounted(object)
    for (const object of remove) this.#counted -= this.#isCounted(object)
    for (const object of remove)
      if (object.kind === 'set') this.#sets.delete(`${object.family} ${object.table} ${object.set.name}`)
  }

  #isCounted(object: NftObject): 0 | 1 {
    return object.kind === 'element' && this.#sets.get(`${object.family} ${object.table} ${object.set}`)?.counter
      ? 1
      : 0
  }
}

/** Before 6.2 a chain cannot be deleted in the transaction that deletes the elements which lead to it: a second one does. */
const splitForOldKernels = (operations: readonly NftOperation[]): [NftOperation[], NftOperation[]] => {
  const deletesJumps = operations.some((one) => one.op === 'delete-elements' && one.set.data === 'verdict')
  const late = (one: NftOperation): boolean =>
    deletesJumps && (one.op === 'delete-chain' || one.op === 'delete-set' || one.op === 'delete-counter')
  return [operations.filter((one) => !late(one)), operations.filter(late)]
}

const unknownSet = (object: string): never => {
  throw new KernelError({
    operation: 'nftables transaction',
    errno: 'ENOENT',
    object,
    detail: 'no such set',
  })
}
