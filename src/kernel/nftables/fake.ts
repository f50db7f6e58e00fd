import type { Accounting } from '../nfacct.ts'
import { seededRandom } from '../../util/random.ts'
import type { Conntrack, FlowFilter } from '../conntrack-types.ts'
import { KernelError } from '../errors.ts'
import type { AddressWatch, Kernel } from '../kernel.ts'
import { FakeTables } from '../iptables/fake.ts'
import {
  type Iptables,
  type IptablesBackEnd,
  type RestoreBlock,
  RestoreError,
  type WatchOptions,
} from '../iptables/types.ts'
import { dumpRuleset } from './fake-dump.ts'
import { FakeRuleset } from './fake-ruleset.ts'
import type { NftFamily, NftOperation, Nftables } from './types.ts'

export interface FakeKernelOptions {
  /** default 'fake' */
  readonly seed?: string
  /** one call in so many fails at random before it has any effect; default 0: none */
  readonly faults?: { readonly oneIn: number }
  /** default '6.18.0'; before 6.2 a chain outlives by one transaction the element that led to it */
  readonly release?: string
  /** default 2 */
  readonly possibleCpus?: number
  readonly addresses?: readonly string[]
  /** default nft */
  readonly iptables?: IptablesBackEnd
}

/** Thrown by every call of a process that has died (`dieAt`), and never by a real kernel. */
export class ProcessDied extends Error {
  constructor() {
    super('the process died here')
    this.name = 'ProcessDied'
  }
}

interface Life {
  dead: boolean
}

interface Watcher {
  readonly connection: object
  readonly table: string
  readonly listener: (event: { readonly kind: 'changed' | 'lost'; readonly what: string }) => void
}

/** A kernel in memory that keeps its state over `restart`, fails on request and counts what it is asked. */
export class FakeKernel implements Kernel {
  readonly release: string
  readonly possibleCpus: number
  readonly ruleset: FakeRuleset
  /** of iptables, whichever the back end */
  readonly tables = new FakeTables()
  /** calls by all connections so far, reads and writes */
  calls = 0
  /** transactions in force so far */
  commits = 0
  /** what was asked of conntrack, in order */
  readonly deletedFlows: FlowFilter[][] = []
  /** called after each transaction, in the transaction's call */
  onCommit: (() => void) | null = null
  #life: Life = { dead: false }
  #death: { readonly call: number; readonly effect: 'before' | 'after' } | null = null
  #oneIn: number
  #addresses: readonly string[]
  readonly #random: () => number
  readonly #watchers = new Set<Watcher>()
  readonly #iptablesBackEnd: IptablesBackEnd
  readonly #iptablesListeners = new Set<Parameters<Iptables['watch']>[1]>()
  readonly #addressListeners = new Set<(addresses: readonly string[]) => void>()

  constructor(options: FakeKernelOptions = {}) {
    this.release = options.release ?? '6.18.0'
    this.possibleCpus = options.possibleCpus ?? 2
    this.#oneIn = options.faults?.oneIn ?? 0
    this.#addresses = options.addresses ?? []
    this.#iptablesBackEnd = options.iptables ?? 'nft'
    this.#random = seededRandom(options.seed ?? 'fake')
    this.ruleset = new FakeRuleset({ chainUsesEndLate: /^([0-5]\.|6\.[01](\.|$))/.test(this.release) })
  }

  async nftables(): Promise<Nftables> {
    return this.#connect(this.#life)
  }

  async conntrack(): Promise<Conntrack> {
    const life = this.#life
    return {
      deleteFlows: async (filters) => {
        this.#call(life, 'conntrack delete flows', () => this.deletedFlows.push([...filters]))
        return filters.length
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }

  async accounting(): Promise<Accounting> {
    return { names: async () => null, make: async () => {}, remove: async () => {}, [Symbol.dispose]: () => {} }
  }

  async iptables(): Promise<Iptables> {
    const life = this.#life
    const listeners = new Set<Parameters<Iptables['watch']>[1]>()
    return {
      backEnd: this.#iptablesBackEnd,
      version: '1.8.9',
      families: ['ip', 'ip6'],
      blockLines: this.#iptablesBackEnd === 'nft' ? 1_000 : null,
      save: async (family, { tables, counters = false }) =>
        this.#call(life, 'iptables save', () => this.tables.save(family, tables, counters)),
      restore: async (blocks) => {
        for (const [done, block] of blocks.entries()) {
          try {
            this.#call(life, 'iptables-restore', () => {
              this.tables.commit(block)
              this.commits++
              this.onCommit?.()
            })
          } catch (error) {
            if (!(error instanceof KernelError)) throw error
            const { operation, errno, detail, object } = error
            const line = error instanceof RestoreError ? error.line : null
            throw new RestoreError({ operation, errno, detail, object, line, done }, { cause: error })
          }
        }
        return { ms: 0 }
      },
      watch: (_options: WatchOptions, listener) => {
        listeners.add(listener)
        this.#iptablesListeners.add(listener)
      },
      [Symbol.asyncDispose]: async () => {
        for (const listener of listeners) this.#iptablesListeners.delete(listener)
      },
    }
  }

  async iptablesWith(table: string, chain: string): Promise<readonly IptablesBackEnd[]> {
    const has = (family: 'ip' | 'ip6'): boolean =>
      this.tables.save(family, [table], false).some(({ chains }) => chains.has(chain))
    return has('ip') || has('ip6') ? [this.#iptablesBackEnd] : []
  }

  /** Somebody else's change to iptables' tables: no faults, and the watchers hear of it. */
  interfereWithTables(blocks: readonly RestoreBlock[]): void {
    for (const block of blocks) this.tables.commit(block)
    for (const listener of this.#iptablesListeners)
      queueMicrotask(() => listener({ kind: 'changed', what: 'rules changed' }))
  }

  async addresses(listener?: (addresses: readonly string[]) => void): Promise<AddressWatch> {
    if (listener) this.#addressListeners.add(listener)
    const current = (): readonly string[] => this.#addresses
    return {
      get current() {
        return current()
      },
      [Symbol.asyncDispose]: async () => {
        if (listener) this.#addressListeners.delete(listener)
      },
    }
  }

  setAddresses(addresses: readonly string[]): void {
    this.#addresses = addresses
    for (const listener of this.#addressListeners) listener(addresses)
  }

  setFaults(faults: { readonly oneIn: number }): void {
    this.#oneIn = faults.oneIn
  }

  /** The process dies at the `call`-th call from now (1 is the next): before its effect, or after it but without the answer. */
  dieAt(call: number, effect: 'before' | 'after'): void {
    this.#death = { call: this.calls + call, effect }
  }

  get died(): boolean {
    return this.#life.dead
  }

  /** A new process: connections of the old one are gone, the tables stay. */
  restart(): void {
    this.#life.dead = true
    this.#life = { dead: false }
    this.#death = null
    this.#watchers.clear()
    this.#iptablesListeners.clear()
    this.#addressListeners.clear()
  }

  /** Somebody else's change: no faults, and the watchers hear of it. */
  interfere(operations: readonly NftOperation[]): void {
    this.ruleset.transaction(operations)
    this.#notify(null, operations)
  }

  /** Packets that went through an element of a counted map. */
  hit(family: NftFamily, table: string, set: string, key: string, packets: number): void {
    const counts = this.ruleset.table(family, table, 'hit').sets.get(set)?.packets
    const count = counts?.get(key)
    if (counts === undefined || count === undefined) throw new Error(`no counted element in ${set}`)
    counts.set(key, count + packets)
  }

  dump(): string {
    return dumpRuleset(this.ruleset)
  }

  #call<T>(life: Life, operation: string, effect: () => T): T {
    if (life.dead) throw new ProcessDied()
    this.calls++
    const dies = this.#death !== null && this.calls >= this.#death.call
    if (dies && this.#death?.effect === 'before') this.#die(life)
    if (this.#oneIn > 0 && this.#random() % this.#oneIn === 0)
      throw new KernelError({ operation, errno: 'EAGAIN', detail: 'injected fault' })
    const result = effect()
    if (dies) this.#die(life)
    return result
  }

  #die(life: Life): never {
    life.dead = true
    throw new ProcessDied()
  }

  #notify(connection: object | null, operations: readonly NftOperation[]): void {
    const tables = new Set(operations.map(({ table }) => table))
    const what = operations.map(({ op, family, table }) => `${op} ${family} ${table}`).join(', ')
    for (const watcher of this.#watchers) {
      if (watcher.connection !== connection && tables.has(watcher.table))
        queueMicrotask(() => watcher.listener({ kind: 'changed', what }))
    }
  }

  #connect(life: Life): Nftables {
    const ruleset = this.ruleset
    const read = <T>(operation: string, effect: () => T): T => this.#call(life, `nftables ${operation}`, effect)
    const table = (family: NftFamily, name: string) => ruleset.table(family, name, 'list')
    const connection: Nftables = {
      transaction: async (operations) => {
        if (operations.length === 0) return { deleted: [], sendMs: 0, encodeMs: 0 }
        return this.#call(life, 'nftables transaction', () => {
          const deleted = ruleset.transaction(operations)
          this.commits++
          this.#notify(connection, operations)
          this.onCommit?.()
          return { deleted, sendMs: 0, encodeMs: 0 }
        })
      },
      tableExists: async (family, name) => read('get table', () => ruleset.tables.has(`${family} ${name}`)),
      chains: async (family, name) =>
        read('list chains', () => [...table(family, name).chains.values()].map(({ spec }) => spec)),
      rules: async (family, name, only) =>
        read('list rules', () =>
          [...table(family, name).chains.values()]
            .filter(({ spec }) => only === undefined || spec.name === only)
            .flatMap(({ spec, rules }) => rules.map((rule) => ({ chain: spec.name, rule }))),
        ),
      sets: async (family, name) =>
        read('list sets', () => [...table(family, name).sets.values()].map(({ spec }) => spec)),
      elements: async (family, name, { name: setName }) =>
        read('list elements', () => {
          const set = table(family, name).sets.get(setName)
          if (!set) throw new KernelError({ operation: 'nftables list elements', errno: 'ENOENT', object: setName })
          return [...set.elements.values()].map((element) => {
            const packets = set.packets.get(element.key)
            return packets === undefined ? element : { ...element, packets }
          })
        }),
      counters: async (family, name) =>
        read('list counters', () =>
          [...table(family, name).counters.values()].map(({ spec, packets }) => ({ ...spec, packets })),
        ),
      generation: async () => read('get generation', () => ruleset.generation),
      watch: (name, listener) => void this.#watchers.add({ connection, table: name, listener }),
      [Symbol.asyncDispose]: async () => {
        for (const watcher of this.#watchers) if (watcher.connection === connection) this.#watchers.delete(watcher)
      },
    }
    return connection
  }
}

export const fakeKernel = (options: FakeKernelOptions = {}): FakeKernel => new FakeKernel(options)
