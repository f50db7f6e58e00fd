import { readFileSync } from 'node:fs'
import { readLegacyTable, readLegacyUsage } from '../foreign/legacy.ts'
import type { Libc } from '../libc.ts'
import type { IptablesEvent, IptablesFamily, WatchOptions } from './types.ts'

/** kube-proxy's syncPeriod: it looks for its canary as often */
const EVERY_MS = 30_000

const lists = { ip: '/proc/net/ip_tables_names', ip6: '/proc/net/ip6_tables_names' } as const

export interface LegacyWatchOptions extends WatchOptions {
  readonly libc: Libc
  readonly families: readonly IptablesFamily[]
  /** default 30,000 */
  readonly everyMs?: number
}

/** Tables that x_tables has here. Asking for another one would make it. */
export const legacyTables = (family: IptablesFamily): readonly string[] => {
  try {
    return readFileSync(lists[family], 'utf8')
      .split('\n')
      .filter((name) => name !== '')
  } catch {
    return []
  }
}

/**
 * x_tables tells nobody about changes. So every now and then: is the canary there, and have the tables as many entries as after our
 * own last change? Both cost the same for a table of any size.
 */
export class LegacyWatch implements Disposable {
  readonly #options: LegacyWatchOptions
  readonly #timer: NodeJS.Timeout
  readonly #listener: (event: IptablesEvent) => void
  #known: ReadonlyMap<string, string> | null = null

  constructor(options: LegacyWatchOptions, listener: (event: IptablesEvent) => void) {
    this.#options = options
    this.#listener = listener
    this.#timer = setInterval(() => this.look(), options.everyMs ?? EVERY_MS).unref()
  }

  /** Our own change begins, or tables were not read yet: nothing is known. */
  forget(): void {
    this.#known = null
  }

  /** What stands now is as it should be. */
  remember(): void {
    this.#known = this.#usage()
  }

  /** Tells when something differs. */
  look(): void {
    const known = this.#known
    if (known === null) return
    const gone = this.#options.families.find((family) => !this.#hasCanary(family))
    const now = this.#usage()
    const differing = [...new Set([...known.keys(), ...now.keys()])].find(
      (table) => known.get(table) !== now.get(table),
    )
    if (gone === undefined && differing === undefined) return
    this.#known = null
    const { table, chain } = this.#options.canary
    const what = gone ? `${gone} ${table}: chain ${chain} is gone` : `${differing}: another number of rules`
    this.#listener({ kind: 'changed', what })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #hasCanary(family: IptablesFamily): boolean {
    const { canary, libc } = this.#options
    if (!legacyTables(family).includes(canary.table)) return false
    return readLegacyTable(libc, family, canary.table).some(({ name }) => name === canary.chain)
  }

  /** `ip nat` → entries and bytes */
  #usage(): ReadonlyMap<string, string> {
    const { libc, families, tables } = this.#options
    const usage = new Map<string, string>()
    for (const family of families)
      for (const table of legacyTables(family))
        if (tables.includes(table)) usage.set(`${family} ${table}`, readLegacyUsage(libc, family, table))
    return usage
  }
}
