import type { Clock } from '../../util/clock.ts'

export interface LoopSteps {
  /** Does the next thing that is due; false: nothing is. Does not throw. */
  step(): Promise<boolean>
  /** ms on the clock's `now` when something is due again; null: nothing to wait for */
  nextDue(): number | null
  /** nothing is due: called before the wait for `nextDue` */
  idle(): void
}

/** Does what is due, one thing after another, and sleeps until the next is, or until it is woken. */
export class Loop implements AsyncDisposable {
  readonly #clock: Clock
  readonly #steps: LoopSteps
  #running = false
  #stopped = false
  #turn: Promise<void> = Promise.resolve()
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, steps: LoopSteps) {
    this.#clock = clock
    this.#steps = steps
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Something may be due now. */
  wake(): void {
    if (this.#running || this.#stopped) return
    this.#running = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#turn = this.#work()
  }

  /** Finishes the step that it is at, and begins no other. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    await this.#turn
  }

  async #work(): Promise<void> {
    // what is said in the same turn of the event loop is done together
    await Promise.resolve()
    while (!this.#stopped && (await this.#steps.step()));
    this.#running = false
    if (this.#stopped) return
    const next = this.#steps.nextDue()
    if (next !== null) this.#cancelTimer = this.#clock.after(Math.max(0, next - this.#clock.now()), () => this.wake())
    this.#steps.idle()
  }
}
