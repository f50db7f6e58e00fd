import type { Driver, PlaneName, PlaneObject } from '../dataplane/plane.ts'
import { openDrivers, planeNames } from '../dataplane/registry.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Clock } from '../util/clock.ts'
import { type Log, silent } from '../util/log.ts'

export interface OtherPlanesOptions {
  readonly plane: PlaneName
  readonly driver: Driver<PlaneObject>
  readonly kernel: Kernel
  readonly clock: Clock
  readonly log: Log
  /** resolves when what is planned is in force or has failed by itself */
  readonly settled: () => Promise<void>
  /** all of it is in force */
  readonly inSync: () => boolean
}

/** ms until it is looked again whether all is in force, and until a removal that failed is tried again */
const AGAIN = 5_000

/**
 * When an agent starts with another plane than the one before, the rules of that one stay until all of the new ones are in force, and
 * are taken away then: at every moment a new connection meets the one or the other, and established ones are conntrack's. Disposing it
 * gives up what is not done yet.
 */
export class OtherPlanes implements Disposable {
  readonly #options: OtherPlanesOptions
  #cancel: (() => void) | null = null
  #disposed = false
  /** resolves after the first attempt */
  readonly attempted: Promise<void>

  constructor(options: OtherPlanesOptions) {
    this.#options = options
    this.attempted = options.settled().then(() => this.#attempt())
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#cancel?.()
  }

  async #attempt(): Promise<void> {
    const { inSync, log, clock } = this.#options
    if (this.#disposed) return
    try {
      if (inSync()) return await this.#remove()
    } catch (error) {
      log.warn({ err: error, retryMs: AGAIN }, 'the rules of another plane cannot be removed')
    }
    this.#cancel = clock.after(AGAIN, () => void this.#attempt())
  }

  async #remove(): Promise<void> {
    const { plane, driver, kernel, log } = this.#options
    await using stack = new AsyncDisposableStack()
    for (const name of planeNames)
      for (const other of await this.#others(name, kernel)) {
        stack.use(other)
        if (name === plane && other.place === driver.place) continue
        const owned = await other.owned()
        if (owned.length === 0 || this.#disposed) continue
        await other.remove()
        log.info({ plane: other.place ?? name, objects: owned.length }, 'the rules of the plane before are removed')
      }
  }

  /** Of the running plane only where it may stand in several places. */
  #others(name: PlaneName, kernel: Kernel): Promise<readonly Driver<PlaneObject>[]> {
    const { plane, driver } = this.#options
    if (name === plane && driver.place === undefined) return Promise.resolve([])
    return openDrivers(name, kernel, { log: silent })
  }
}
