import type { ServiceKey } from '../../model/objects.ts'
import type { ApiClient } from '../../sources/kubernetes/client.ts'
import { ApiError } from '../../sources/kubernetes/errors.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { type Fact, factKey } from './fact.ts'
import { turnOf } from './reporters.ts'
import { REPEAT, tell, type Told } from './tell.ts'

export interface EventOptions {
  readonly client: Pick<ApiClient, 'json'>
  readonly node: string
  /** what holds now */
  readonly facts: () => readonly Fact[]
  /** nodes that have endpoints of the Service */
  readonly nodesOf: (service: ServiceKey) => ReadonlySet<string>
  /** the API server is out of reach: nothing is looked at */
  readonly isAway: () => boolean
  readonly clock: Clock
  readonly log: Log
  /** uniform in 0 … 1 */
  readonly random: () => number
}

/** What is known of a fact that holds, or did a while ago. */
interface Entry {
  fact: Fact
  /** it held at the last look */
  present: boolean
  readonly mine: boolean
  /** when to tell it, monotonic ms */
  due: number
  /** ms until it is told again, for a fact that others keep alive */
  pause: number
}

/** ms to the first look, and between looks */
const LOOK = { first: 5_000, every: 30_000 }
/** told at one look, so 20 a minute at most */
const PER_LOOK = 10
/** facts that are known at a time: what is beyond waits */
const MOST_FACTS = 1_000
/** ms that looking pauses after the API server failed: at first, and at most */
const AWAY = { first: 30_000, most: 600_000 }
/** ms that a fact nobody has to keep alive waits at most */
const MOST_PAUSE = 8 * 3_600_000

/**
 * Kubernetes Events for what holds now: looked at, not listened to, so that nothing on the way of a change waits for them and none is
 * lost. Never fails: what the API server refuses is logged, once for each answer.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #options: EventOptions
  readonly #entries = new Map<string, Entry>()
  readonly #refusals = new Set<string>()
  readonly #ending = new AbortController()
  #cancel: () => void
  #looking: Promise<void> = Promise.resolve()
  #failures = 0

  constructor(options: EventOptions) {
    this.#options = options
    this.#cancel = this.#later(LOOK.first)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('no more Events are sent'))
    this.#cancel()
    await this.#looking
  }

  #later(ms: number): () => void {
    const { clock, random } = this.#options
    return clock.after(ms * (0.9 + 0.2 * random()), () => {
      this.#looking = this.#look().finally(() => {
        if (this.#ending.signal.aborted) return
        const wait = Math.min(AWAY.most, AWAY.first * 2 ** (this.#failures - 1))
        this.#cancel = this.#later(this.#failures > 0 ? wait : LOOK.every)
      })
    })
  }

  async #look(): Promise<void> {
    const { clock, log, isAway } = this.#options
    if (isAway()) return
    try {
      this.#take(this.#options.facts())
    } catch (error) {
      log.error({ err: error }, 'what Events are about cannot be read')
      return
    }
    const now = clock.now()
    const due = Array.from(this.#entries.values()).filter((entry) => entry.present && entry.due <= now)
    due.sort((a, b) => a.due - b.due)
    for (const entry of due.slice(0, PER_LOOK)) if (!(await this.#tell(entry))) return
  }

  /** Facts that ended are remembered until they would be told again, so that one that comes and goes is not told each time. */
  #take(facts: readonly Fact[]): void {
    const { clock, node, nodesOf } = this.#options
    const now = clock.now()
    for (const entry of this.#entries.values()) entry.present = false
    for (const fact of facts) {
      const key = factKey(fact)
      const entry = this.#entries.get(key)
      if (entry !== undefined) {
        entry.present = true
        entry.fact = fact
      } else if (this.#entries.size < MOST_FACTS) {
        const { kind, namespace, name } = fact.regarding
        const { wait, mine } = turnOf(fact, node, kind === 'Service' ? nodesOf(`${namespace}/${name}`) : new Set())
        this.#entries.set(key, { fact, present: true, mine, due: now + wait, pause: REPEAT })
      }
    }
    for (const [key, { present, due }] of this.#entries) if (!present && due <= now) this.#entries.delete(key)
  }

  /** false: the API server cannot answer now, or the agent ends. */
  async #tell(entry: Entry): Promise<boolean> {
    const { client, clock, log, node } = this.#options
    const { signal } = this.#ending
    const { fact } = entry
    try {
      const told = await tell(fact, { client, node, wall: clock.wall(), signal })
      this.#failures = 0
      this.#putOff(entry, told)
      log.debug({ regarding: fact.regarding, reason: fact.reason, told }, 'an Event')
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (isRefusal(error)) {
        this.#putOff(entry, 'recent')
        this.#complain(fact, error)
        return true
      }
      this.#failures++
      log.debug({ err: error }, 'Events wait: the API server does not take them now')
      return false
    }
  }

  #putOff(entry: Entry, told: Told): void {
    const { clock, random } = this.#options
    // others keep it alive: looked after the less often the longer they do
    if (entry.mine || told === 'created' || told === 'counted') entry.pause = REPEAT
    else entry.pause = Math.min(MOST_PAUSE, entry.pause * 2)
    entry.due = clock.now() + entry.pause * (1 + 0.1 * random())
  }

  #complain({ regarding, reason }: Fact, error: ApiError): void {
    const said = `${error.status} ${error.reason}`
    if (this.#refusals.has(said)) return
    this.#refusals.add(said)
    const problem = 'the API server takes no Event of this; status, log and metrics tell it all the same'
    this.#options.log.warn({ regarding, reason, err: error }, problem)
  }
}

/** The request itself is at fault: another try gets the same answer. */
const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && ![401, 408, 429].includes(error.status)
