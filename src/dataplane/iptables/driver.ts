import { KernelError } from '../../kernel/errors.ts'
import { type Iptables, RestoreError, type SavedTable } from '../../kernel/iptables/types.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Change, Counters, CountersOptions, Driver, DriverOptions, Observed } from '../plane.ts'
import { chainNames, PROXY_CANARY, UNUSED } from './chains.ts'
import { backendCounters } from './connection-counts.ts'
import type { IptablesObject } from './objects.ts'
import { INVALID_DROPPED, LOCALHOST_ACCEPTED } from './nfacct.ts'
import { grouped, isOurTable, objectsOf, TABLES } from './observe.ts'
import { inverse, type Step, stepsOf } from './order.ts'
import { areOurs, isKubelets, isWatched, leadsToOurs } from './ownership.ts'
import { type Removal, removal } from './removal.ts'

/** Finds the back end that this node uses and changes nothing. What already stands under kube-proxy's names is taken for ours. */
export const openIptablesDriver = async (kernel: Kernel, { log }: DriverOptions): Promise<Driver<IptablesObject>> =>
  new IptablesDriver(await kernel.iptables(log), kernel, log)

/** A driver for each back end that holds rules of ours: none on most nodes, and then no program of iptables is needed. */
export const openOwnIptables = async (
  kernel: Kernel,
  { log }: DriverOptions,
): Promise<readonly Driver<IptablesObject>[]> => {
  const drivers: Driver<IptablesObject>[] = []
  for (const backEnd of await kernel.iptablesWith('filter', UNUSED))
    drivers.push(new IptablesDriver(await kernel.iptables(log, backEnd), kernel, log))
  return drivers
}

class IptablesDriver implements Driver<IptablesObject> {
  readonly indivisible = true
  readonly place: string
  readonly #iptables: Iptables
  readonly #kernel: Pick<Kernel, 'accounting'>
  readonly #log: DriverOptions['log']
  /** keys of the kubelet's objects that are nobody's here and stay */
  readonly #left = new Set<string>()

  constructor(iptables: Iptables, kernel: Pick<Kernel, 'accounting'>, log: DriverOptions['log']) {
    this.#iptables = iptables
    this.#kernel = kernel
    this.#log = log
    this.place = `iptables-${iptables.backEnd}`
  }

  async observe(signal?: AbortSignal): Promise<Observed<IptablesObject>> {
    const objects: IptablesObject[] = []
    for (const family of this.#iptables.families) {
      const tables = await this.#iptables.save(family, { tables: TABLES, needed, ...(signal && { signal }) })
      for (const table of tables)
        for (const object of objectsOf(table)) if (!this.#left.has(object.key)) objects.push(object)
    }
    return grouped(objects)
  }

  async apply(change: Change<IptablesObject>, signal?: AbortSignal): Promise<void> {
    for (const object of change.remove) if (isKubelets(object)) this.#left.add(object.key)
    for (const object of change.add) this.#left.delete(object.key)
    const ours = { ...change, remove: change.remove.filter((object) => !isKubelets(object)) }
    const steps = stepsOf(ours, this.#iptables.blockLines)
    if (steps.length === 0) return
    await this.#restore(steps, signal)
  }

  async counters({ backends = true, dialled = false }: CountersOptions = {}): Promise<Counters> {
    const none = { fallbacks: 0, missed: 0 }
    if (!backends) return { backends: [], ...none }
    const counted = []
    for (const family of this.#iptables.families)
      for (const table of await this.#iptables.save(family, { tables: ['nat'], counters: true, needed }))
        counted.push(...backendCounters(table))
    return { backends: dialled ? counted.filter(({ connections }) => connections > 0) : counted, ...none }
  }

  async owned(): Promise<readonly string[]> {
    const { change, kept } = await this.#removal()
    for (const { chain, because } of kept) this.#log.warn({ chain, because }, 'a chain of ours stays')
    return change.remove.map(({ key }) => `${this.place} ${key}`).sort()
  }

  async remove(): Promise<void> {
    const { change } = await this.#removal()
    const steps = stepsOf(change, this.#iptables.blockLines)
    if (steps.length === 0) return
    await this.#restore(steps)
    using accounting = await this.#kernel.accounting()
    // those that another proxy's rules count in stay
    await accounting.remove([INVALID_DROPPED, LOCALHOST_ACCEPTED])
  }

  onForeignChange(listener: (what: string) => void): void {
    const canary = { table: 'mangle', chain: PROXY_CANARY }
    this.#iptables.watch({ tables: TABLES, isOwn: isWatched, chainNames, canary }, ({ kind, what }) =>
      listener(kind === 'lost' ? `unknown: ${what}` : what),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iptables[Symbol.asyncDispose]()
  }

  /** All steps or none: those that are in force are taken back when a later one fails. */
  async #restore(steps: readonly Step[], signal?: AbortSignal): Promise<void> {
    try {
      await this.#iptables.restore(steps, signal)
    } catch (error) {
      if (!(error instanceof RestoreError) || error.done === null || error.done === 0) throw error
      await this.#takeBack(steps.slice(0, error.done), error)
      throw error
    }
  }

  async #takeBack(steps: readonly Step[], cause: RestoreError): Promise<void> {
    try {
      await this.#iptables.restore(
        steps.toReversed().flatMap(({ change }) => stepsOf(inverse(change), this.#iptables.blockLines)),
      )
    } catch {
      const { operation, object, detail } = cause
      const more = `${detail}; what came before it could not be taken back`
      throw new KernelError({ operation, object, errno: '', detail: more }, { cause })
    }
  }

  /** Nothing where the tables are not ours but some kube-proxy's. */
  async #removal(): Promise<Removal> {
    const tables: SavedTable[] = []
    for (const family of this.#iptables.families)
      tables.push(...(await this.#iptables.save(family, { tables: TABLES, needed })))
    return areOurs(tables) ? removal(tables) : { change: nothing, kept: [] }
  }
}

/** The kubelet's chain is read too. */
const needed = (table: string, chain: string): boolean => isOurTable(table) && leadsToOurs(table, chain)

const nothing: Change<IptablesObject> = { add: [], replace: [], remove: [] }
