import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Store } from '../store.ts'
import type { ApiClient } from './client.ts'
import { ApiError } from './errors.ts'
import type { Handover } from './handover.ts'
import { isExpired, isTooNew, isUnsupported } from './explain.ts'
import { Pace } from './pace.ts'
import { listResource } from './pages.ts'
import { Records } from './records.ts'
import type { Resource } from './resources.ts'
import { describeFailure, watchResource } from './watch.ts'

export interface ReflectorOptions {
  readonly client: ApiClient
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** in [0, 1) */
  readonly random: () => number
  /** of Services, where another proxy may take them over */
  readonly handover: Handover | null
  /** what the getters say may be another now */
  onChange(): void
}

/** ms for which a watch without events has to live to count as one */
const lifeLimit = 500
/** ms at most before a watch that ended goes on: not all nodes at once */
const resumeLimit = 250
/** times in a row that what comes cannot be read, or is ahead of the server, before everything is listed anew */
const patience = 3
/** ms before a resource is asked for again that the server does not have */
const absentDelay = 300_000

interface Attempt {
  readonly listing: boolean
  readonly version: string
  /** monotonic ms when events began to come, null: they never did */
  followed: number | null
}

/** Keeps the records of one resource as the API server has them: lists once, then follows, for as long as it takes. */
export class Reflector {
  readonly resource: Resource
  readonly records: Records
  /** everything was read once */
  listed = false
  /** events come in as they happen */
  following = false
  /** why they do not; null while they do, and before anything was tried */
  failure: ApiError | null = null

  readonly #options: ReflectorOptions
  readonly #pace: Pace
  readonly #listPace: Pace
  /** up to where everything was heard; '' nothing yet */
  #version = ''
  #mustList = true
  /** the server does not know our version: the newest it has will do */
  #lost = false
  #plainList = false
  /** failures in a row that no waiting seems to heal */
  #stuck = 0
  #followedAt = 0
  #wake: () => void = () => {}

  constructor(resource: Resource, options: ReflectorOptions) {
    this.resource = resource
    this.records = new Records(resource, options.store, options.handover)
    this.#options = options
    this.#pace = new Pace(options.random)
    this.#listPace = new Pace(options.random)
  }

  /** When the records were last known to be up to date, wall ms; 0 never. */
  get followedAt(): number {
    return this.following ? this.#options.clock.wall() : this.#followedAt
  }

  /** Until the signal. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const attempt: Attempt = { listing: this.#mustList, version: this.#version, followed: null }
      const error = await this.#attempt(attempt, signal)
      this.#unfollow()
      if (signal.aborted) return
      const wait = this.#judge(attempt, error)
      this.#options.onChange()
      if (wait > 0) await this.#rest(wait, signal)
    }
  }

  /** The server has answered somebody else: a wait for it to come back is over. */
  retrySoon(): void {
    if (this.failure?.status === 0) this.#wake()
  }

  async #attempt(attempt: Attempt, signal: AbortSignal): Promise<ApiError | null> {
    try {
      if (attempt.listing) await this.#list(attempt, signal)
      else await this.#watch(attempt, signal)
      return null
    } catch (error) {
      return describeFailure(error, this.#options.client, this.resource)
    }
  }

  /** As a watch that begins with everything there is, or, where the server cannot, as a list. */
  async #list(attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options
    const { resource, records } = this
    if (!this.#plainList) {
      try {
        return await this.#watch(attempt, signal)
      } catch (error) {
        const failure = describeFailure(error, client, resource)
        // a server that knows no streaming lists may say nothing at all
        this.#plainList = attempt.followed === null && failure.reason === 'Timeout'
        if (attempt.followed !== null || !isUnsupported(failure)) throw failure
        this.#options.log.debug({ resource: resource.name, problem: failure.message }, 'no streaming lists here')
      }
    }
    this.#plainList = false
    const version = this.#lost ? '' : this.#version || '0'
    const list = await listResource({ client, resource, version, clock, signal }, () => records.replacement())
    this.#tell(() => list.replacement.complete())
    this.#version = list.version
    this.#complete()
  }

  async #watch(attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { client, clock, random, log, store } = this.#options
    const { resource, records } = this
    let filling = attempt.listing ? records.replacement() : null
    await watchResource({
      client,
      resource,
      clock,
      random,
      log,
      signal,
      version: attempt.listing && this.#lost ? '' : this.#version,
      initial: filling !== null,
      onOpen: () => {
        if (filling === null) this.#follow(attempt)
      },
      onBatch: (run) => this.#tell(() => store.batch(run)),
      onEvent: (event) => {
        if (event.is !== 'bookmark') (filling ?? records)[event.is](event.raw)
        else if (event.complete && filling !== null) {
          filling.complete()
          filling = null
          this.#complete()
          this.#follow(attempt)
        }
        if (filling === null) this.#version = event.version
      },
    })
  }

  /** The store does as it is told; a listener of it that fails is no reason to hear everything again. */
  #tell(run: () => void): void {
    const before = this.records.revision
    try {
      run()
    } catch (error) {
      if (error instanceof ApiError || error instanceof RangeError) throw error
      this.#options.log.error({ err: error, resource: this.resource.name }, 'a change was not taken in whole')
    }
    if (this.records.revision !== before) this.#options.onChange()
  }

  #complete(): void {
    this.#followedAt = this.#options.clock.wall()
    this.listed = true
    this.#mustList = false
    this.#lost = false
  }

  #follow(attempt: Attempt): void {
    attempt.followed = this.#options.clock.now()
    this.following = true
    this.failure = null
    this.#options.onChange()
  }

  #unfollow(): void {
    if (!this.following) return
    this.#followedAt = this.#options.clock.wall()
    this.following = false
  }

  /** What an attempt that is over means; answers the ms to wait before the next. */
  #judge(attempt: Attempt, error: ApiError | null): number {
    const { clock, random, log } = this.#options
    const now = clock.now()
    const progress = this.#version !== attempt.version
    const lived = attempt.followed !== null && (progress || now - attempt.followed >= lifeLimit)
    if (progress) this.#stuck = 0
    if (error === null && attempt.listing && attempt.followed === null) return 0
    if (error !== null && this.#mustListAfter(attempt, error)) {
      log.info({ resource: this.resource.name, reason: error.message }, 'everything is listed anew')
      this.#mustList = true
      return this.#listPace.delay(now)
    }
    if (lived && (error === null || isBreak(error))) {
      this.#pace.succeeded()
      return random() * resumeLimit
    }
    this.failure = error ?? new ApiError(`the API server ends each watch of ${this.resource.name} at once`)
    const absent = this.resource.optional && this.failure.status === 404 ? absentDelay : 0
    return Math.max(this.#pace.delay(now), this.failure.retryAfterMs ?? 0, absent)
  }

  #mustListAfter(attempt: Attempt, error: ApiError): boolean {
    const listing = attempt.listing && attempt.followed === null
    if (isExpired(error)) {
      // asked for at least our version, the server has none such any more
      this.#lost = listing
      return true
    }
    const unreadable = error.reason === 'Malformed'
    if (!unreadable && !isTooNew(error)) return false
    if (listing) this.#lost ||= !unreadable
    if (++this.#stuck < patience) return false
    this.#stuck = 0
    this.#lost ||= !unreadable
    return true
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const cancel = this.#options.clock.after(ms, wake)
    this.#wake = wake
    signal.addEventListener('abort', wake)
    await promise
    cancel()
    signal.removeEventListener('abort', wake)
    this.#wake = () => {}
  }
}

/** The connection is gone, the rest is as it was. */
const isBreak = ({ status, reason }: ApiError): boolean => status === 0 && reason !== 'Malformed'
