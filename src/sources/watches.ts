import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'

interface Watch {
  readonly identity: string
  readonly watcher: FSWatcher
}

/**
 * inotify watches on directories: much cheaper than looking, but events can be lost (queue overflow, no watches left,
 * links to elsewhere), so they only say where to look sooner.
 */
export class DirectoryWatches {
  readonly #watches = new Map<string, Watch>()
  readonly #onEvent: (path: string) => void
  /** why the last attempt could not watch everything; null when all is watched */
  failure: unknown = null

  /** `onEvent` hears the path that changed; the directory's own when the kernel does not say which. */
  constructor(onEvent: (path: string) => void) {
    this.#onEvent = onEvent
  }

  has(directory: string): boolean {
    return this.#watches.has(directory)
  }

  /** Watches just these. True when one is new: what changed in it before now was not heard. */
  follow(directories: ReadonlyMap<string, string>): boolean {
    for (const [directory, { identity }] of this.#watches)
      if (directories.get(directory) !== identity) this.#drop(directory)
    this.failure = null
    let added = false
    for (const [directory, identity] of directories) {
      if (this.#watches.has(directory)) continue
      try {
        this.#watches.set(directory, { identity, watcher: this.#open(directory) })
        added = true
      } catch (error) {
        this.failure = error
      }
    }
    return added
  }

  close(): void {
    for (const directory of this.#watches.keys()) this.#drop(directory)
  }

  #open(directory: string): FSWatcher {
    const watcher = watch(directory, (_event, name) => this.#onEvent(name === null ? directory : join(directory, name)))
    watcher.on('error', () => {
      this.#drop(directory)
      this.#onEvent(directory)
    })
    return watcher
  }

  #drop(directory: string): void {
    this.#watches.get(directory)?.watcher.close()
    this.#watches.delete(directory)
  }
}
