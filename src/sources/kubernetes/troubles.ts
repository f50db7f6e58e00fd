import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'

/** ms for which a line that was logged is not logged again, however often it comes back */
const silence = 600_000
const remembered = 64

/** Tells what is wrong with the way to the API server: each line once when it begins, and that all is well when it is. */
export class Troubles {
  readonly #log: Log
  readonly #clock: Clock
  readonly #source: string
  #current: ReadonlySet<string> = new Set()
  #since = 0
  #toldAny = false
  readonly #toldAt = new Map<string, number>()

  constructor(source: string, log: Log, clock: Clock) {
    this.#source = source
    this.#log = log
    this.#clock = clock
  }

  /** All that is wrong now. */
  set(messages: readonly string[]): void {
    const now = this.#clock.now()
    const current = new Set(messages)
    if (this.#current.size === 0 && current.size > 0) this.#since = now
    for (const message of current) if (!this.#current.has(message)) this.#tell(message, now)
    if (this.#current.size > 0 && current.size === 0 && this.#toldAny) {
      const seconds = Math.round((now - this.#since) / 1000)
      this.#log.info({ source: this.#source, seconds }, 'the API server is followed again')
      this.#toldAny = false
    }
    this.#current = current
  }

  #tell(message: string, now: number): void {
    const before = this.#toldAt.get(message)
    if (before !== undefined && now - before < silence) return
    if (this.#toldAt.size >= remembered) this.#toldAt.clear()
    this.#toldAt.set(message, now)
    this.#toldAny = true
    this.#log.warn({ source: this.#source }, message)
  }
}
