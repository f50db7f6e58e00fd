import type { NftFamily, NftRule, Nftables, NftSet } from '../../kernel/nftables/types.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { Observed } from '../plane.ts'
import { frontendOf } from './identity.ts'
import { chainObject, counterObject, elementObject, type NftObject, setObject, tableObject, TABLES } from './objects.ts'

/** What the kernel holds in our tables. */
export interface Reading extends Observed<NftObject> {
  /** every set, by `family table name` */
  readonly sets: ReadonlyMap<string, NftSet>
  /** elements with a counter */
  readonly counted: number
}

const families: readonly NftFamily[] = ['ip', 'ip6']

/** Attempts at a call that only reads, and at a reading that somebody else's changes ran through. */
const ATTEMPTS = 4

/** Reads all our tables. Elements of dynamic sets are left out: packets put them there. */
export const readTables = async (nft: Nftables, signal?: AbortSignal): Promise<Reading> => {
  for (let attempt = 1; ; attempt++) {
    const before = await again(() => nft.generation(), signal)
    try {
      const reading = await readOnce(nft, signal)
      if (attempt >= ATTEMPTS || (await again(() => nft.generation(), signal)) === before) return reading
    } catch (error) {
      // what a list named may have gone before it was read
      if (attempt >= ATTEMPTS || (await again(() => nft.generation(), signal)) === before) throw error
    }
  }
}

const readOnce = async (nft: Nftables, signal?: AbortSignal): Promise<Reading> => {
  const reading = new TableReading()
  for (const family of families) {
    for (const table of TABLES) {
      if (await again(() => nft.tableExists(family, table), signal))
        await readTable(nft, family, table, reading, signal)
    }
  }
  return reading
}

const readTable = async (
  nft: Nftables,
  family: NftFamily,
  table: string,
  reading: TableReading,
  signal?: AbortSignal,
): Promise<void> => {
  reading.add(tableObject(family, table, ''))
  for (const counter of await again(() => nft.counters(family, table), signal))
    reading.add(counterObject(family, table, counter))
  await readChains(nft, family, table, reading, signal)
  for (const set of await again(() => nft.sets(family, table), signal)) {
    reading.sets.set(`${family} ${table} ${set.name}`, set)
    reading.add(setObject(family, table, asCompiled(set)))
    if (set.dynamic) continue
    const elements = await again(() => nft.elements(family, table, set), signal)
    if (set.counter) reading.counted += elements.length
    for (const element of elements) reading.add(elementObject(family, table, set.name, element))
  }
}

const readChains = async (
  nft: Nftables,
  family: NftFamily,
  table: string,
  reading: TableReading,
  signal?: AbortSignal,
): Promise<void> => {
  const rules = new Map<string, NftRule[]>()
  const chains = await again(() => nft.chains(family, table), signal)
  for (const { chain, rule } of await again(() => nft.rules(family, table), signal)) {
    const known = rules.get(chain)
    if (known) known.push(rule)
    else rules.set(chain, [rule])
  }
  for (const chain of chains) reading.add(chainObject(family, table, chain, { observed: rules.get(chain.name) ?? [] }))
}

/** A backend map is compiled with counters; whether they could be afforded is the driver's matter. */
const asCompiled = (set: NftSet): NftSet =>
  set.counter || set.key.at(-1) !== 'slot' || set.data === 'verdict' ? set : { ...set, counter: true }

class TableReading implements Reading {
  readonly sets = new Map<string, NftSet>()
  counted = 0
  readonly frontends = new Map<FrontendKey, NftObject[]>()
  readonly other: NftObject[] = []

  add(object: NftObject): void {
    const key = frontendOf(object)
    if (key === null) {
      this.other.push(object)
      return
    }
    const objects = this.frontends.get(key)
    if (objects) objects.push(object)
    else this.frontends.set(key, [object])
  }
}

/** A read may simply be asked again. */
const again = async <T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await read()
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error
    }
  }
}
