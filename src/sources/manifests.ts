import { basename, sep } from 'node:path'
import type { InputProblem } from '../model/snapshot.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { Catalogue } from './catalogue.ts'
import { type Content, isManifest, type Listing, listManifests, type ManifestFile, readManifest } from './directory.ts'
import { isSame } from './equal.ts'
import { readObjects, unreadable } from './reading.ts'
import type { Source, SourceStatus } from './source.ts'
import type { Store } from './store.ts'
import { DirectoryWatches } from './watches.ts'

export interface ManifestsOptions {
  /** ends the watching, as disposing does */
  readonly signal?: AbortSignal | undefined
  readonly log: Log
  /** hears everything that is wrong now, whenever that changes; an empty list when all is well again */
  onProblems(problems: readonly InputProblem[]): void
  readonly clock?: Clock
  /** a file is read when nothing has happened to it for so long, in ms; default 30 */
  readonly quietMs?: number
  /** everything is looked at this often, in ms, whether or not the kernel told of changes; default 30,000 */
  readonly pollMs?: number
  /** false: do without the kernel's events, as where another machine writes the files (NFS); default true */
  readonly watch?: boolean
}

/** It is in sync once every file has been read, or found faulty and reported; stale while some cannot be read. */
export interface Manifests extends Source {
  /** Everything that is wrong now. */
  problems(): readonly InputProblem[]
  /** Settles once nothing is watched any more. Never rejects. */
  readonly closed: Promise<void>
}

/**
 * Keeps `store` at what the YAML and JSON files in a directory (and those in it) say. Only files that changed are read again.
 * What cannot be read keeps its last good content and is reported.
 */
export const openManifests = (directory: string, store: Store, options: ManifestsOptions): Manifests => {
  const source = new ManifestSource(directory, store, options)
  const closed = source.run()
  return {
    name: `manifests:${directory}`,
    synced: source.synced,
    status: () => source.status(),
    problems: () => source.problems,
    closed,
    async [Symbol.asyncDispose]() {
      source.end()
      await closed
    },
  }
}

/** A file that keeps changing is read after so long all the same. */
const patienceMs = 2000
/** Looked at this often where something could not be read or watched. */
const retryMs = 2000
/** Times of files are as coarse as the kernel's tick: two writes within one look the same. */
const tickMs = 20
/** Files read at once. */
const readersLimit = 32

interface KnownFile extends ManifestFile {
  /** a later change would show in `identity` */
  readonly certain: boolean
}

interface Stir {
  readonly first: number
  readonly last: number
}

class ManifestSource {
  readonly synced: Promise<void>
  problems: readonly InputProblem[] = []

  readonly #directory: string
  readonly #store: Store
  readonly #catalogue: Catalogue
  readonly #options: ManifestsOptions
  readonly #ending = new AbortController()
  readonly #clock: Clock
  readonly #watches: DirectoryWatches
  readonly #known = new Map<string, KnownFile>()
  /** files that are there and could not be read */
  readonly #failed = new Set<string>()
  /** what the kernel told of and has not been read since */
  readonly #stirred = new Map<string, Stir>()
  #complete = false
  /** when everything could be read, wall time; 0 never */
  #currentAt = 0
  readonly #sync = Promise.withResolvers<void>()
  #listing: Listing | null = null
  #listAt = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}

  constructor(directory: string, store: Store, options: ManifestsOptions) {
    this.#directory = directory
    this.#store = store
    this.#catalogue = new Catalogue(store)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#watches = new DirectoryWatches((path) => this.#stir(path))
    this.synced = this.#sync.promise
    this.synced.catch(() => {})
  }

  status(): SourceStatus {
    const stale = this.#isBehind()
    const [lost] = stale ? [...this.#failed, ...(this.#listing?.unknown ?? [])] : []
    return {
      synced: this.#complete,
      stale: this.#complete && stale,
      since: this.#complete && !stale ? this.#clock.wall() : this.#currentAt,
      modified: this.#modified(),
      ...(lost === undefined ? {} : { problem: `${lost} cannot be read: see the problems` }),
    }
  }

  end(): void {
    this.#ending.abort()
  }

  async run(): Promise<void> {
    const { log, signal: outer } = this.#options
    const { signal } = this.#ending
    const stop = (): void => this.#wake()
    const end = (): void => this.#ending.abort(outer?.reason)
    signal.addEventListener('abort', stop)
    outer?.addEventListener('abort', end)
    if (outer?.aborted) end()
    while (!signal.aborted) {
      try {
        await this.#round()
      } catch (error) {
        log.error({ err: error, directory: this.#directory }, 'a change of the manifests was not taken in whole')
      }
      if (!signal.aborted) await this.#rest()
    }
    outer?.removeEventListener('abort', end)
    this.#watches.close()
    this.#sync.reject(signal.reason)
  }

  #stir(path: string): void {
    const name = basename(path)
    const idle = this.#stirred.size === 0
    const now = this.#clock.now()
    // a mounted ConfigMap changes by one rename of its hidden ..data, which is all that is heard
    if (name.startsWith('..')) this.#listAt = now
    else if (name.startsWith('.')) return
    else this.#stirred.set(path, { first: this.#stirred.get(path)?.first ?? now, last: now })
    if (idle) this.#wake()
  }

  /** Until something stirs, has been quiet for long enough, or it is time to look at everything. */
  async #rest(): Promise<void> {
    const { quietMs = 30 } = this.#options
    const untilList = this.#listAt - this.#clock.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const cancel = this.#clock.after(Math.max(0, this.#stirred.size > 0 ? quietMs : untilList), resolve)
    await promise
    cancel()
    this.#wake = () => {}
  }

  async #round(): Promise<void> {
    const changed = this.#quiet()
    if (this.#clock.now() >= this.#listAt) await this.#list(changed)
    if (changed.size === 0 && this.#listing === null) return
    await this.#read([...changed])
    this.#catalogue.settle()
    this.#report()
    this.#complete ||= this.#isComplete()
    if (this.#complete && !this.#isBehind()) this.#currentAt = this.#clock.wall()
    if (this.#complete) this.#sync.resolve()
  }

  /** Takes out what has been quiet for long enough, with the time since when it has been waiting. */
  #quiet(): Map<string, number> {
    const { quietMs = 30 } = this.#options
    const now = this.#clock.now()
    const quiet = new Map<string, number>()
    for (const [path, { first, last }] of this.#stirred) {
      if (now - last < quietMs && now - first < patienceMs) continue
      this.#stirred.delete(path)
      quiet.set(path, first)
    }
    return quiet
  }

  /** Looks at everything; adds what differs from what is known. */
  async #list(changed: Map<string, number>): Promise<void> {
    const { pollMs = 30_000, watch = true } = this.#options
    // what stirs from here on asks for another look
    this.#listAt = Number.POSITIVE_INFINITY
    let listing = await listManifests(this.#directory)
    // what changed in a new directory before it was watched was not heard
    if (watch && this.#watches.follow(listing.directories)) listing = await listManifests(this.#directory)
    this.#listing = listing
    const now = this.#clock.now()
    for (const [path, { identity }] of listing.files) {
      const known = this.#known.get(path)
      if (known?.identity !== identity || !known.certain || this.#failed.has(path)) changed.set(path, now)
    }
    for (const path of this.#catalogue.files())
      if (!listing.files.has(path) && !listing.unknown.some((prefix) => isWithin(path, prefix))) this.#forget(path)
    const healthy = listing.unknown.length === 0 && this.#watches.failure === null
    this.#listAt = Math.min(this.#listAt, now + (healthy ? pollMs : Math.min(pollMs, retryMs)))
  }

  async #read(changed: readonly (readonly [string, number])[]): Promise<void> {
    for (let at = 0; at < changed.length; at += readersLimit) {
      const some = changed.slice(at, at + readersLimit)
      const contents = await Promise.all(some.map(([path]) => readManifest(path)))
      for (const [index, [path, since]] of some.entries()) {
        const content = contents[index]
        if (content !== undefined) this.#take(path, since, content)
      }
    }
  }

  #take(path: string, since: number, content: Content): void {
    const now = this.#clock.now()
    if (content.is === 'gone') this.#forget(path)
    // a directory came or went, or the first listing is out of date; other names say nothing else
    if (content.is === 'directory' || (content.is === 'gone' && (this.#watches.has(path) || !this.#complete)))
      this.#listAt = now
    if (!isManifest(basename(path))) return
    if (content.is === 'failed') {
      this.#failed.add(path)
      this.#catalogue.replace(path, unreadable(path, content.message))
      this.#listAt = Math.min(this.#listAt, now + retryMs)
    }
    if (content.is !== 'read') return
    // still being written: wait for the end of it, but not for ever
    if (!content.steady && now - since < patienceMs) {
      this.#stirred.set(path, { first: since, last: now })
      return
    }
    // what the listing said of it is out of date
    if (this.#listing?.unknown.includes(path)) this.#listAt = now
    const certain = content.steady && this.#clock.wall() - content.file.changedAt > tickMs
    this.#failed.delete(path)
    this.#known.set(path, { ...content.file, certain })
    this.#catalogue.replace(path, readObjects(content.content, path, this.#store.intern))
  }

  #forget(path: string): void {
    this.#known.delete(path)
    this.#failed.delete(path)
    this.#catalogue.remove(path)
  }

  #report(): void {
    const unlisted = (this.#listing?.problems ?? [])
      .filter(({ where }) => !this.#failed.has(where))
      .map((problem) => ({ ...problem, message: `${problem.message}; what it said before stays in force` }))
    const problems = [...unlisted, ...this.#catalogue.problems()]
    if (isSame(problems, this.problems)) return
    this.problems = problems
    this.#options.onProblems(problems)
  }

  #modified(): number {
    let newest = 0
    for (const { modifiedAt } of this.#known.values()) newest = Math.max(newest, modifiedAt)
    return Math.floor(newest)
  }

  /** Something is there that cannot be read. */
  #isBehind(): boolean {
    return this.#failed.size > 0 || (this.#listing?.unknown.length ?? 0) > 0
  }

  #isComplete(): boolean {
    if (this.#listing === null || this.#isBehind()) return false
    for (const path of this.#listing.files.keys()) if (!this.#known.has(path)) return false
    return true
  }
}

const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}${sep}`)
