import type { NftElement, NftFamily, Nftables, NftSet } from '../../kernel/nftables/types.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { BackendCounter, Counters, CountersOptions } from '../plane.ts'
import { backendName } from './elements.ts'
import { frontendOf } from './identity.ts'
import type { TablePlace } from './chains.ts'
import { PastCounts } from './past-counts.ts'
import { elementObject, type NftObject, TABLE } from './objects.ts'

type Totals = Map<FrontendKey, Map<string, number>>

interface ReadOptions extends CountersOptions {
  readonly sets: Iterable<readonly [string, NftSet]>
  readonly tables: readonly TablePlace[]
}

/**
 * New connections per backend: what the elements in force have counted, and what those counted that were replaced.
 * Counts of rules (affinity) are not among them.
 */
export class ConnectionCounts {
  readonly #past = new PastCounts()
  /** what named counters said when we began */
  #start: ReadonlyMap<string, number> | null = null

  /** The first reading of the kernel is where counting begins. */
  begin(objects: readonly NftObject[]): void {
    if (this.#start) return
    const start = new Map<string, number>()
    for (const object of objects) if (object.kind === 'counter') start.set(object.key, object.counter.packets ?? 0)
    this.#start = start
  }

  /** An element was deleted; its count stays. */
  keep(family: NftFamily, set: string, element: NftElement): void {
    const frontend = element.packets ? frontendOf(elementObject(family, TABLE, set, element)) : null
    if (frontend === null || element.data === undefined) return
    this.#past.add(frontend, backendName(element.data), element.packets ?? 0)
  }

  async read(nft: Nftables, { sets, tables, backends = true, dialled = false }: ReadOptions): Promise<Counters> {
    const total: Totals = backends ? await this.#elements(nft, sets, dialled) : new Map()
    return { backends: flatten(total), ...(await this.#named(nft, tables)) }
  }

  async #elements(nft: Nftables, sets: ReadOptions['sets'], dialled: boolean): Promise<Totals> {
    const total: Totals = new Map()
    const remembered = new Set(Array.from(this.#past.entries(), ([frontend]) => frontend))
    for (const [name, set] of sets) {
      if (!set.counter) continue
      const [family, table] = name.split(' ') as [NftFamily, string]
      // the elements of a frontend are all in one set
      const idle = new Set<FrontendKey>()
      for (const element of await nft.elements(family, table, set)) {
        const frontend = frontendOf(elementObject(family, table, set.name, element))
        if (frontend === null || element.data === undefined) continue
        if (!total.has(frontend) && !remembered.has(frontend)) idle.add(frontend)
        const counts = total.get(frontend) ?? new Map<string, number>()
        total.set(frontend, counts)
        add(counts, backendName(element.data), element.packets ?? 0)
        if (element.packets) idle.delete(frontend)
      }
      if (dialled) for (const frontend of idle) total.delete(frontend)
    }
    if (!dialled) this.#past.retain(total)
    for (const [frontend, backend, packets] of this.#past.entries()) {
      const counts = total.get(frontend)
      if (counts) add(counts, backend, packets)
    }
    return total
  }

  async #named(nft: Nftables, tables: readonly TablePlace[]): Promise<{ fallbacks: number; missed: number }> {
    const sum = { fallbacks: 0, missed: 0 }
    for (const { family, table } of tables) {
      for (const { name, packets = 0 } of await nft.counters(family, table)) {
        if (name !== 'fallbacks' && name !== 'missed') continue
        const start = this.#start?.get(`counter ${family} ${table} ${name}`) ?? 0
        // a counter that was made anew began at zero
        sum[name] += packets >= start ? packets - start : packets
      }
    }
    return sum
  }
}

const add = (counts: Map<string, number>, backend: string, packets: number): void =>
  void counts.set(backend, (counts.get(backend) ?? 0) + packets)

const flatten = (total: ReadonlyMap<FrontendKey, ReadonlyMap<string, number>>): BackendCounter[] => {
  const result: BackendCounter[] = []
  for (const [frontend, counts] of total) {
    for (const [backend, connections] of counts) {
      const colon = backend.lastIndexOf(':')
      const address = backend.slice(0, colon).replace(/^\[|\]$/g, '')
      result.push({ frontend, address, port: Number(backend.slice(colon + 1)), connections })
    }
  }
  return result
}
