import type { Kernel } from '../../kernel/kernel.ts'
import type { NftOperation, Nftables } from '../../kernel/nftables/types.ts'
import { KernelError } from '../../kernel/errors.ts'
import type { Change, Counters, CountersOptions, Driver, DriverOptions, Observed } from '../plane.ts'
import { ConnectionCounts } from './connection-counts.ts'
import type { TablePlace } from './chains.ts'
import { affordableCounters, olderThan } from './counter-budget.ts'
import { KnownSets } from './known-sets.ts'
import { RuleCache } from './lowered-rules.ts'
import { type NftObject, TABLES } from './objects.ts'
import { readTables } from './observe.ts'
import { operationsOf, sortChange, splitForOldKernels } from './operations.ts'

/** Opens a connection to nf_tables and changes nothing. What already stands in tables of our name is taken for ours. */
export const openNftablesDriver = async (kernel: Kernel, { log }: DriverOptions): Promise<Driver<NftObject>> =>
  new NftablesDriver(kernel, await kernel.nftables(log), log)

class NftablesDriver implements Driver<NftObject> {
  readonly #nft: Nftables
  readonly #log: DriverOptions['log']
  readonly #chainsOutliveElements: boolean
  readonly #counts = new ConnectionCounts()
  readonly #rules = new RuleCache()
  readonly #sets: KnownSets

  constructor(kernel: Kernel, nft: Nftables, log: DriverOptions['log']) {
    this.#nft = nft
    this.#log = log
    this.#sets = new KnownSets(affordableCounters(kernel))
    this.#chainsOutliveElements = olderThan(kernel.release, 6, 2)
  }

  async observe(signal?: AbortSignal): Promise<Observed<NftObject>> {
    const reading = await readTables(this.#nft, signal)
    this.#sets.reset(reading.sets, reading.counted)
    this.#counts.begin(reading.other)
    return reading
  }

  async apply(change: Change<NftObject>, signal?: AbortSignal): Promise<void> {
    const sorted = sortChange(change)
    const { sets, refused } = this.#sets.plan(sorted)
    if (refused > 0)
      this.#log.warn(
        { elements: refused, affordable: this.#sets.affordable },
        'connections per backend are not counted: too much memory per CPU, or an old kernel',
      )
    const operations = operationsOf(sorted, {
      setOf: (family, table, name) => sets.get(`${family} ${table} ${name}`) ?? this.#sets.get(family, table, name),
      rules: this.#rules,
    })
    const [first, second] = this.#chainsOutliveElements ? splitForOldKernels(operations) : [operations, []]
    const takeBack = this.#sets.remember(sorted, sets)
    try {
      await this.#send(first, signal)
    } catch (error) {
      takeBack()
      throw error
    }
    if (second.length > 0) await this.#sendRest(second, signal)
  }

  async counters(options: CountersOptions = {}): Promise<Counters> {
    return this.#counts.read(this.#nft, { sets: this.#sets.entries(), tables: await this.#tables(), ...options })
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
    this.#sets.reset(new Map(), 0)
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
}
