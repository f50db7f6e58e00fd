import { exec } from '../exec.ts'
import { KernelError } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { Turns } from '../netlink/turns.ts'
import type { EventTransport } from '../netlink/events.ts'
import { LegacyWatch, legacyTables } from './legacy-watch.ts'
import { NftEvents } from './nft-events.ts'
import type { NftRestore } from './nft-restore.ts'
import type { Programs } from './programs.ts'
import { restoreFamily } from './restore.ts'
import { SaveReader } from './save.ts'
import {
  type Iptables,
  type IptablesEvent,
  type IptablesFamily,
  type RestoreBlock,
  RestoreError,
  type RestoreResult,
  type SavedTable,
  type SaveOptions,
  type WatchOptions,
} from './types.ts'

/** Own restores of more lines are not sent back to us as events: the kernel would make one of each. */
const EVENTS_UP_TO = 500
/** About 8 MiB of netlink messages. */
const BLOCK_LINES = 10_000
/** a table of 200,000 rules takes iptables-nft-save most of a minute */
const SAVE_DEADLINE_MS = 300_000

export interface ConnectionOptions {
  readonly programs: Programs
  readonly libc: Libc
  openEvents(): EventTransport
  /** nf_tables' generation */
  generation(): Promise<number>
  tableExists(family: IptablesFamily, table: string): Promise<boolean>
  /** a table of iptables-nft over netlink; null: not everything that is needed is understood */
  readNft(family: IptablesFamily, table: string, needed: (chain: string) => boolean): Promise<SavedTable | null>
  /** how iptables-nft's tables are written without its program, and the netlink address that events of it carry; null: legacy */
  readonly nft: { readonly restore: NftRestore; readonly port: number } | null
  /** called once, at the end */
  close(): void
}

/** iptables through the programs of one back end, one at a time. */
export class IptablesConnection implements Iptables {
  readonly families: readonly IptablesFamily[] = ['ip', 'ip6']
  readonly #options: ConnectionOptions
  readonly #turns = new Turns()
  /** whom events come from that are of our own making: our sockets, and process ids of programs of ours */
  readonly #ours: Set<number>
  #events: NftEvents | null = null
  #legacy: LegacyWatch | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#ours = new Set(options.nft ? [options.nft.port] : [])
  }

  get blockLines(): number | null {
    return this.backEnd === 'nft' ? BLOCK_LINES : null
  }

  get backEnd(): Iptables['backEnd'] {
    return this.#options.programs.backEnd
  }

  get version(): string {
    return this.#options.programs.version
  }

  save(family: IptablesFamily, options: SaveOptions): Promise<readonly SavedTable[]> {
    return this.#turns.take(() => this.#save(family, options))
  }

  restore(blocks: readonly RestoreBlock[], signal?: AbortSignal): Promise<RestoreResult> {
    return this.#turns.take(() => this.#restore(blocks, signal))
  }

  watch(options: WatchOptions, listener: (event: IptablesEvent) => void): void {
    const { libc, openEvents } = this.#options
    if (this.backEnd === 'legacy')
      this.#legacy ??= new LegacyWatch({ ...options, libc, families: this.families }, listener)
    else this.#events ??= new NftEvents(openEvents(), { ...options, isOurs: (port) => this.#ours.has(port) }, listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events?.[Symbol.dispose]()
    this.#legacy?.[Symbol.dispose]()
    this.#options.close()
  }

  async #save(family: IptablesFamily, options: SaveOptions): Promise<readonly SavedTable[]> {
    const { tables, counters = false, needed = () => true, signal } = options
    const saved: SavedTable[] = []
    for (const table of await this.#present(family, tables)) {
      const read =
        this.backEnd === 'nft' ? await this.#options.readNft(family, table, (chain) => needed(table, chain)) : null
      saved.push(...(read ? [read] : await this.#saveTable(family, table, counters, signal)))
    }
    this.#legacy?.remember()
    return saved
  }

  async #saveTable(
    family: IptablesFamily,
    table: string,
    counters: boolean,
    signal?: AbortSignal,
  ): Promise<readonly SavedTable[]> {
    const [command, ...args] = this.#options.programs.save[family]
    const reader = new SaveReader(family, [command, ...args].join(' '))
    try {
      await exec(command, [...args, ...(counters ? ['-c'] : []), '-t', table], {
        onStdout: (text) => reader.add(text),
        timeoutMs: SAVE_DEADLINE_MS,
        ...(signal && { signal }),
      })
      return reader.finish()
    } catch (error) {
      signal?.throwIfAborted()
      throw new KernelError(
        { operation: 'iptables save', object: `${family} ${table}`, errno: 'EIO', detail: textOf(error) },
        { cause: error },
      )
    }
  }

  async #present(family: IptablesFamily, tables: readonly string[]): Promise<readonly string[]> {
    if (this.backEnd === 'legacy') {
      const present = legacyTables(family)
      return tables.filter((table) => present.includes(table))
    }
    const present: string[] = []
    for (const table of tables) if (await this.#options.tableExists(family, table)) present.push(table)
    return present
  }

  async #restore(blocks: readonly RestoreBlock[], signal?: AbortSignal): Promise<RestoreResult> {
    const started = performance.now()
    this.#legacy?.forget()
    let done = 0
    for (const run of runsOf(blocks)) {
      try {
        await this.#run(run, signal)
      } catch (error) {
        if (!(error instanceof RestoreError) || done === 0) throw error
        throw error.after(done)
      }
      done += run.length
    }
    this.#legacy?.remember()
    return { ms: performance.now() - started }
  }

  /** Blocks of one family. */
  async #run(blocks: readonly RestoreBlock[], signal?: AbortSignal): Promise<void> {
    const family = blocks[0]?.family ?? 'ip'
    const events = this.#events
    const deaf = events !== null && haveMoreLines(blocks, EVENTS_UP_TO)
    const before = deaf ? await this.#options.generation() : 0
    if (deaf) events.pause()
    let process = 0
    try {
      const byProgram = (some: readonly RestoreBlock[]): Promise<void> =>
        restoreFamily(family, some, {
          programs: this.#options.programs,
          onStart: (pid) => this.#ours.add((process = pid)),
          ...(signal && { signal }),
        })
      await (this.#options.nft?.restore.blocks(blocks, { byProgram, signal }) ?? byProgram(blocks))
      if (deaf && (await this.#options.generation()) !== before + blocks.length)
        events.lose('others changed the ruleset during a large restore')
    } catch (error) {
      if (deaf) events.lose('a large restore failed')
      throw error
    } finally {
      if (deaf) events.resume()
      events?.read()
      this.#ours.delete(process)
    }
  }
}

/** The lines of a block may be written when they are asked for. */
const haveMoreLines = (blocks: readonly RestoreBlock[], most: number): boolean => {
  let lines = 0
  return blocks.some((block) => (lines += block.lines.length) > most)
}

/** Blocks of one family that follow each other: one process each. */
const runsOf = (blocks: readonly RestoreBlock[]): RestoreBlock[][] => {
  const runs: RestoreBlock[][] = []
  for (const block of blocks) {
    const last = runs.at(-1)
    if (last?.[0]?.family === block.family) last.push(block)
    else runs.push([block])
  }
  return runs
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
