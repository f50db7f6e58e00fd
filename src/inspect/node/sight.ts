import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Features } from '../../kernel/features.ts'
import type {
  Foreign,
  ForeignChain,
  ForeignRule,
  ForeignTable,
  LegacyChain,
  Listener,
} from '../../kernel/foreign/index.ts'
import type { NftFamily } from '../../kernel/nftables/types.ts'
import type { Unseen } from './evidence.ts'

export interface HttpAnswer {
  readonly status: number
  /** the header `server`, '' none */
  readonly server: string
  /** its first 4 KiB */
  readonly body: string
}

/** What checks may ask beside files. Every part may throw: then it is unseen. */
export interface SightSources {
  /** where /proc and /sys hang */
  readonly root: string
  /** null: the kernel is not asked, e.g. in a copy of somebody's /proc */
  readonly foreign: Pick<
    Foreign,
    'nftTables' | 'nftChains' | 'nftRules' | 'legacyTable' | 'ipsets' | 'listeners' | 'programNames'
  > | null
  /** null: nobody answers there */
  get(url: string): Promise<HttpAnswer | null>
  features(): Promise<Features>
  /** what `nft --version` prints; null: there is no nft */
  nftVersion(): Promise<string | null>
}

/**
 * The node as the checks see it. Everything is read once. What is not there is null; what may not be looked at is null too and
 * is kept in `unseen`.
 */
export class NodeSight {
  readonly #sources: SightSources
  readonly #unseen = new Map<string, string>()
  readonly #files = new Map<string, unknown>()
  readonly #asked = new Map<string, Promise<unknown>>()

  constructor(sources: SightSources) {
    this.#sources = sources
  }

  get unseen(): readonly Unseen[] {
    return [...this.#unseen].map(([source, reason]) => ({ source, reason }))
  }

  /** Keeps that something could not be looked at. */
  note(source: string, reason: string): void {
    this.#unseen.set(source, reason)
  }

  /** Content of a file. */
  text(path: string): string | null {
    return this.#file(`text ${path}`, path, () => readFileSync(this.#at(path), 'utf8'))
  }

  /** A file that holds one number. */
  number(path: string): number | null {
    const text = this.text(path)?.trim()
    return text === undefined || !/^-?\d+$/.test(text) ? null : Number(text)
  }

  /** Lines of a file; none where there is none. */
  lines(path: string): readonly string[] {
    return (this.text(path) ?? '').split('\n').filter((line) => line !== '')
  }

  /** Names in a folder, sorted; none where there is none. */
  names(path: string): readonly string[] {
    return this.#file(`names ${path}`, path, () => readdirSync(this.#at(path)).sort()) ?? []
  }

  /** Where a symbolic link leads. Links of other people's processes are often closed to us: that is not noted as unseen. */
  link(path: string): string | null {
    try {
      return readlinkSync(this.#at(path))
    } catch {
      return null
    }
  }

  exists(path: string): boolean {
    const at = path.lastIndexOf('/')
    return this.names(path.slice(0, at) || '/').includes(path.slice(at + 1))
  }

  nftTables(): Promise<readonly ForeignTable[] | null> {
    return this.#kernel('nftables tables', (foreign) => foreign.nftTables())
  }

  nftChains(): Promise<readonly ForeignChain[] | null> {
    return this.#kernel('nftables chains', (foreign) => foreign.nftChains())
  }

  nftRules(family: NftFamily, table: string, name: string): Promise<readonly ForeignRule[] | null> {
    return this.#kernel(`nftables chain ${family} ${table} ${name}`, (foreign) =>
      foreign.nftRules({ family, table, name }),
    )
  }

  legacyTable(family: 'ip' | 'ip6', table: string): Promise<readonly LegacyChain[] | null> {
    return this.#kernel(`iptables-legacy ${family} ${table}`, async (foreign) => foreign.legacyTable(family, table))
  }

  ipsets(): Promise<readonly string[] | null> {
    return this.#kernel('ipsets', (foreign) => foreign.ipsets())
  }

  /** null also where the kernel cannot list them: /proc has them then */
  async listeners(): Promise<readonly Listener[] | null> {
    const { foreign } = this.#sources
    if (foreign === null) return null
    const key = 'listeners'
    const known = this.#asked.get(key) as Promise<readonly Listener[] | null> | undefined
    const asked = known ?? foreign.listeners().catch(() => null)
    this.#asked.set(key, asked)
    return asked
  }

  programNames(): Promise<readonly string[] | null> {
    return this.#kernel('eBPF programs', async (foreign) => foreign.programNames())
  }

  get(url: string): Promise<HttpAnswer | null> {
    return this.#once(`GET ${url}`, () => this.#sources.get(url))
  }

  features(): Promise<Features | null> {
    return this.#once('kernel features', () => this.#sources.features())
  }

  nftVersion(): Promise<string | null> {
    return this.#once('nft --version', () => this.#sources.nftVersion())
  }

  #at(path: string): string {
    return join(this.#sources.root, path)
  }

  #file<T>(key: string, path: string, read: () => T): T | null {
    const known = this.#files.get(key) as T | null | undefined
    if (known !== undefined) return known
    const content = this.#read(path, read)
    this.#files.set(key, content)
    return content
  }

  #read<T>(path: string, read: () => T): T | null {
    try {
      return read()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ESRCH') this.#unseen.set(path, code ?? message)
      return null
    }
  }

  #kernel<T>(source: string, ask: (foreign: NonNullable<SightSources['foreign']>) => Promise<T>): Promise<T | null> {
    const { foreign } = this.#sources
    return foreign === null ? Promise.resolve(null) : this.#once(source, () => ask(foreign))
  }

  #once<T>(source: string, ask: () => Promise<T | null>): Promise<T | null> {
    const known = this.#asked.get(source) as Promise<T | null> | undefined
    if (known !== undefined) return known
    const asked = ask().catch((error: unknown) => {
      this.#unseen.set(source, error instanceof Error ? error.message : String(error))
      return null
    })
    this.#asked.set(source, asked)
    return asked
  }
}
