import { setImmediate } from 'node:timers/promises'
import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { Applying, isDoubtful } from './applying.ts'
import { Backlog, type Pending } from './backlog.ts'
import { defaultBackoff, Retry } from './backoff.ts'
import { Desired } from './desired.ts'
import { failureOf, reasonOf } from './failure.ts'
import { FOUND, Found } from './found.ts'
import { BASE, Ledger } from './ledger.ts'
import { Leftovers } from './leftovers.ts'
import type { Change, Driver, PlaneObject, Program } from './plane.ts'
import type { ReconcilerOptions } from './reconcile-options.ts'
import { type PlaneStatus, type Verification, lagging, refusals } from './reconcile-status.ts'
import { RepairPace } from './repair-pace.ts'

/** Frontends in one round, those that come twice counted twice: a storm without end must not keep the kernel from being looked at. */
const MOST_IN_ROUND = 200_000

/**
 * Keeps the kernel equal to the plan: observe, diff, apply, remember. One transaction at a time; what arrives meanwhile gathers for the
 * next one. No failure ends it: a frontend that fails is found by halving its transaction and retried by itself.
 */
export class Reconciler<O extends PlaneObject> implements AsyncDisposable {
  readonly #options: ReconcilerOptions<O>
  readonly #driver: Driver<O>
  readonly #clock: Clock
  readonly #log: Log
  readonly #desired: Desired<O>
  readonly #ledger: Ledger<O>
  readonly #backlog = new Backlog()
  readonly #applying: Applying<O>
  readonly #leftovers: Leftovers<O>
  readonly #retry: Retry
  readonly #repairPace = new RepairPace()

  readonly #found: Found<O>
  readonly #firstReading = Promise.withResolvers<void>()

  #complete = false
  /** what of the kernel as found is to be kept from now on; null: nothing new */
  #keepOnly: ReadonlySet<FrontendKey> | null = null
  #keptSince = 0
  #observed = false
  /** the kernel was read and nothing was changed since: what fails now is to blame */
  #fresh = false
  /** a change may or may not be in force: nothing else is tried before the kernel was read */
  #doubt = false
  /** another version's objects cannot be changed in place: they are removed before the kernel is read again */
  #conflict = false
  /** when to read the kernel again; null: no need */
  #observeAt: number | null = 0

  #unreadable = ''
  #lastChange = 0
  #transactions = 0
  /** transactions that the kernel refused */
  #refusals = 0
  /** nothing was applied since the last reading: the next round is over everything */
  #full = true
  #foreignChanges = 0
  #verification: Verification = { differing: [], strays: 0, at: 0 }

  #running = false
  #stopped = false
  #turn: Promise<void> = Promise.resolve()
  #cancelTimer: (() => void) | null = null
  #settling: (() => void)[] = []
  #verifying: ((found: Verification) => void)[] = []

  constructor(options: ReconcilerOptions<O>) {
    const { plane, driver, node, clock, log, random, backoff = defaultBackoff, lingerMs = 1_000 } = options
    this.#options = options
    this.#driver = driver
    this.#clock = clock
    this.#log = log
    this.#desired = new Desired(plane, node)
    this.#ledger = new Ledger(plane, lingerMs)
    this.#found = new Found(plane, this.#desired, this.#ledger)
    this.#retry = new Retry(random, backoff)
    this.#applying = new Applying({
      desired: this.#desired,
      ledger: this.#ledger,
      backlog: this.#backlog,
      clock,
      log,
      retry: this.#retry,
      nextTurn: options.nextTurn ?? setImmediate,
      send: (change) => this.#send(change),
      onApplied: (keys) => options.onApplied?.(keys),
      onFailed: options.onFailed,
    })
    const remove = (objects: readonly O[]): Promise<void> => this.#send({ add: [], replace: [], remove: objects })
    const onFailed = options.onCleanupFailed
    this.#leftovers = new Leftovers({ plane, ledger: this.#ledger, clock, log, retry: this.#retry, remove, onFailed })
    driver.onForeignChange((what) => this.#onForeignChange(what))
    this.#wake()
  }

  /** Frontends whose plan changed; null: the plan has it no longer. */
  update(changes: ReadonlyMap<FrontendKey, Frontend | null>): void {
    const wall = this.#clock.wall()
    for (const [key, frontend] of changes) {
      this.#desired.set(key, frontend)
      if (this.#complete) this.#desired.letGo(key)
      // what is kept gets its turn when it is let go
      if (!this.#desired.keptProgram(key)) this.#backlog.add(key, wall)
    }
    if (!this.#complete && !this.#ledger.get(BASE)) this.#addBase(wall)
    this.#wake()
  }

  /** The node changed: everything is compiled again; what comes out the same costs the kernel nothing. */
  setNode(node: NodeView): void {
    this.#desired.setNode(node)
    const wall = this.#clock.wall()
    this.#addBase(wall)
    for (const key of this.#desired.keys()) this.#backlog.add(key, wall)
    this.#wake()
  }

  /**
   * Every source has delivered its first full list: from now on what is not in the plan is removed. Frontends in `keep` stay as they
   * were found in the kernel, each until `update` names it.
   */
  sourcesComplete(keep: ReadonlySet<FrontendKey> = new Set()): void {
    if (this.#complete) return
    this.#complete = true
    this.#keepOnly = keep
    this.#addBase(this.#clock.wall())
    this.#wake()
  }

  /**
   * The frontends that lead to backends in the kernel as it was first read. To be asked before the sources are complete; waits for
   * the reading, and no longer than until this is disposed.
   */
  async serving(): Promise<ReadonlySet<FrontendKey>> {
    await this.#firstReading.promise
    const { plane } = this.#options
    const serving = new Set<FrontendKey>()
    for (const key of this.#ledger.keys()) {
      const objects = this.#ledger.get(key)?.objects ?? []
      if (key !== BASE && key !== FOUND && (plane.serves?.(objects) ?? true)) serving.add(key)
    }
    return serving
  }

  /** Reads the kernel again, repairs what differs from the plan, and tells what did. */
  verify(): Promise<Verification> {
    return new Promise((resolve) => {
      this.#verifying.push(resolve)
      this.#observeAt = 0
      this.#wake()
    })
  }

  /** Resolves when every frontend is in sync or has failed by itself, and nothing lingers or is left over. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settling.push(resolve)
      this.#wake()
    })
  }

  /** Is its latest plan not yet in force? */
  isPending(key: FrontendKey): boolean {
    return this.#backlog.get(key) !== undefined
  }

  /** What is not in force, as it stands now. */
  queued(): Iterable<Readonly<Pending>> {
    return this.#backlog
  }

  /** The programs in force, for tracing. */
  programs(): Iterable<Program<O>> {
    return this.#ledger.values()
  }

  /** Of these, the programs in force. */
  programsOf(keys: readonly FrontendKey[]): readonly Program<O>[] {
    return keys.flatMap((key) => this.#ledger.get(key) ?? [])
  }

  status(): PlaneStatus {
    const late = lagging(this.#backlog)
    const missing = late.filter(({ frontend }) => this.#desired.isPlanned(frontend)).length
    let extra = 0
    for (const key of this.#ledger.keys()) if (!this.#desired.has(key)) extra++
    const kept = this.#desired.kept - (this.#desired.keptProgram(FOUND) ? 1 : 0)
    return {
      plane: this.#options.plane.name,
      frontends: this.#desired.size,
      inSync: this.#observed ? this.#desired.size - missing : 0,
      lagging: late,
      extra,
      kept,
      keptSince: kept > 0 ? this.#keptSince : 0,
      strays: this.#ledger.strays,
      lingering: this.#ledger.lingering,
      refused: refusals(this.#applying.refused),
      lastChange: this.#lastChange,
      transactions: this.#transactions,
      unreadable: this.#unreadable,
      foreignChanges: this.#foreignChanges,
    }
  }

  /** Finishes the transaction in flight and stops. The kernel keeps what it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    await this.#turn
    this.#firstReading.resolve()
    for (const resolve of this.#settling.splice(0)) resolve()
    for (const resolve of this.#verifying.splice(0)) resolve(this.#verification)
  }

  // ---- the loop

  #wake(): void {
    if (this.#running || this.#stopped) return
    this.#running = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#turn = this.#work()
  }

  async #work(): Promise<void> {
    // what is said in the same turn goes into the same transaction
    await Promise.resolve()
    while (!this.#stopped && (await this.#step()));
    this.#running = false
    if (this.#stopped) return
    const next = this.#nextDue()
    if (next !== null) this.#cancelTimer = this.#clock.after(Math.max(0, next - this.#clock.now()), () => this.#wake())
    // what was found is told when it has been repaired, so that the status after it is the present one
    if (this.#observeAt === null) for (const resolve of this.#verifying.splice(0)) resolve(this.#verification)
    if (this.#isSettled()) for (const resolve of this.#settling.splice(0)) resolve()
  }

  /** Does the next thing that is due; false: nothing is. */
  async #step(): Promise<boolean> {
    const now = this.#clock.now()
    if (this.#observeAt !== null && this.#observeAt <= now) return this.#observe()
    if (!this.#observed || this.#doubt) return false
    this.#letGo()
    const { together, alone } = this.#backlog.due(now, this.#isHeld)
    if (together.length > 0) return this.#apply(together)
    const [next] = alone
    return next ? this.#apply([next]) : this.#tidy()
  }

  /** ms; null: nothing to wait for */
  #nextDue(): number | null {
    if (!this.#observed || this.#doubt) return this.#observeAt
    return [this.#observeAt, this.#backlog.nextDue(this.#isHeld), this.#leftovers.nextDue(this.#complete)].reduce(
      (least, time) => (least === null || (time !== null && time < least) ? time : least),
    )
  }

  #isSettled(): boolean {
    if (!this.#observed || this.#observeAt !== null || this.#ledger.lingering > 0) return false
    let failing = 0
    for (const { key, attempts } of this.#backlog) {
      if (attempts > 0) failing++
      else if (!this.#isHeld(key)) return false
    }
    return failing > 0 || !this.#complete || this.#ledger.strays === 0
  }

  /** Before the node's own part is in force no frontend can be. */
  readonly #isHeld = (key: FrontendKey): boolean =>
    key !== BASE && !this.#ledger.get(BASE) && (this.#backlog.get(BASE)?.attempts ?? 0) > 0

  /** Until the sources are complete the node is not fully known: its part stays as found, or comes with the first frontend. */
  #addBase(wall: number): void {
    if (this.#complete || (!this.#found.holds && this.#desired.size > 0)) this.#backlog.add(BASE, wall)
  }

  /** Frontends that are no longer to stay as they were found get what the plan says. */
  #letGo(): void {
    const keep = this.#keepOnly
    if (keep === null) return this.#found.settle()
    this.#keepOnly = null
    const wall = this.#clock.wall()
    for (const key of this.#found.keepOnly(keep)) this.#backlog.add(key, wall)
    this.#addUnplanned()
  }

  // ---- observe

  async #observe(): Promise<boolean> {
    // a change that is noticed while we read asks for another reading
    this.#observeAt = null
    try {
      if (this.#conflict) await this.#driver.remove()
      this.#conflict = false
      const observed = await this.#driver.observe()
      this.#retry.succeeded('observation')
      this.#unreadable = ''
      this.#adopt(this.#ledger.reset(observed))
    } catch (error) {
      this.#unreadable = reasonOf(error)
      const wait = this.#retry.delay('observation')
      this.#observeAt = this.#clock.now() + wait
      this.#log.warn({ error: this.#unreadable, retryMs: Math.round(wait) }, 'cannot read the kernel')
    }
    return true
  }

  /** What the kernel holds counts from now on; where the plan did not change, what we had compiled goes back as it was. */
  #adopt(believed: ReadonlyMap<FrontendKey, Program<O>>): void {
    if (!this.#observed && !this.#complete) this.#keepFound()
    this.#examine(this.#observed ? believed : null)
    this.#observed = true
    this.#doubt = false
    this.#fresh = true
    this.#full = true
    this.#leftovers.look()
    for (const [key, program] of believed) {
      if (!this.isPending(key) && this.#desired.has(key)) this.#desired.restore(key, program)
    }
    const wall = this.#clock.wall()
    if (!this.isPending(BASE)) this.#addBase(wall)
    for (const key of this.#desired.keys()) if (!this.isPending(key)) this.#backlog.add(key, wall)
    if (this.#complete) this.#addUnplanned()
    this.#firstReading.resolve()
  }

  #keepFound(): void {
    this.#found.keepEverything()
    if (!this.#found.holds) return
    this.#keptSince = this.#clock.wall()
    this.#backlog.done(BASE)
  }

  /** null: nothing was believed yet */
  #examine(believed: ReadonlyMap<FrontendKey, Program<O>> | null): void {
    const { differing, strays } = believed ? this.#ledger.compare(believed) : { differing: [], strays: 0 }
    const found = { differing, strays, at: this.#clock.wall() }
    this.#verification = found
    if (differing.length + strays > 0) {
      const first = differing[0] || 'base'
      this.#log.warn({ frontends: differing.length, first, strays }, 'the kernel differs from the plan; repairing')
    }
  }

  /** What is in force and not planned is to go. */
  #addUnplanned(): void {
    const wall = this.#clock.wall()
    for (const key of this.#ledger.keys())
      if (!this.#desired.has(key) && !this.isPending(key)) this.#backlog.add(key, wall)
  }

  #onForeignChange(what: string): void {
    this.#foreignChanges++
    if (this.#observeAt !== null) return
    const now = this.#clock.now()
    this.#observeAt = this.#repairPace.next(now)
    const inMs = Math.round(this.#observeAt - now)
    this.#log.warn({ what, inMs }, 'somebody else changed our rules; reading them again')
    this.#wake()
  }

  /** The kernel may not be what we believe: it is read before anybody is blamed. */
  #doubtKernel(error: unknown): void {
    const failures = this.#retry.failures('change')
    const wait = failures === 0 ? 0 : this.#retry.after(failures)
    this.#retry.delay('change')
    this.#doubt = true
    this.#conflict = failureOf(error) === 'conflict'
    this.#observeAt = Math.min(this.#observeAt ?? Number.POSITIVE_INFINITY, this.#clock.now() + wait)
    const next = this.#conflict ? 'making everything anew' : 'reading the kernel again'
    this.#log.warn({ error: reasonOf(error), retryMs: Math.round(wait) }, `a change failed; ${next}`)
  }

  // ---- apply

  async #apply(pending: readonly Pending[]): Promise<boolean> {
    const { onRound } = this.#options
    const started = this.#clock.now()
    const refusals = this.#refusals
    const full = this.#full
    const taken = new Set(pending)
    const doubt = await this.#applying.apply(pending, {
      fresh: this.#fresh,
      more: () => (full ? this.#joining(taken) : []),
    })
    this.#full = false
    const failures = this.#refusals - refusals
    onRound?.({ keys: Array.from(taken, ({ key }) => key), full, ms: this.#clock.now() - started, failures })
    if (doubt) this.#doubtKernel(doubt.error)
    return true
  }

  /** What was planned since a full round began goes with it, as long as nothing else is to be done first. */
  #joining(taken: Set<Pending>): readonly Pending[] {
    const now = this.#clock.now()
    if (this.#stopped || taken.size > MOST_IN_ROUND || (this.#observeAt !== null && this.#observeAt <= now)) return []
    const late = this.#backlog.due(now, this.#isHeld).together.filter((pending) => !taken.has(pending))
    for (const pending of late) taken.add(pending)
    return late
  }

  async #send(change: Change<O>): Promise<void> {
    try {
      await this.#driver.apply(change)
    } catch (error) {
      this.#refusals++
      throw error
    }
    this.#transactions++
    this.#lastChange = this.#clock.wall()
    this.#fresh = false
  }

  // ---- remove what nothing needs any more

  async #tidy(): Promise<boolean> {
    const fresh = this.#fresh
    const ends = (error: unknown): boolean => isDoubtful(error, fresh, [])
    try {
      if (await this.#leftovers.sweep(ends)) return true
      if (!this.#complete) return false
      const waitUntil = this.#backlog.nextDue(this.#isHeld) ?? 0
      return await this.#leftovers.removeStrays(() => this.#neededByPending(), waitUntil, ends)
    } catch (error) {
      this.#doubtKernel(error)
      return true
    }
  }

  #neededByPending(): ReadonlySet<string> | null {
    const needed = new Set<string>()
    for (const { key } of this.#backlog) {
      try {
        const program = this.#desired.program(key, this.#ledger.get(key)?.objects)
        for (const object of program?.objects ?? []) needed.add(object.key)
      } catch {
        return null
      }
    }
    return needed
  }
}
