import { setImmediate } from 'node:timers/promises'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Clock } from '../../util/clock.ts'
import { Applying, isDoubtful } from './applying/applying.ts'
import { Backlog, type Pending } from './backlog.ts'
import { defaultBackoff, Retry } from './backoff.ts'
import { Desired } from './desired.ts'
import { Found, frontendsServing } from './found.ts'
import { BASE, Ledger } from '../ledger/ledger.ts'
import { Leftovers } from './leftovers.ts'
import { Loop } from './loop.ts'
import type { PlaneObject, Program } from '../plane.ts'
import type { ReconcilerOptions } from './options.ts'
import { Reading, type Verification } from './reading.ts'
import { type PlaneStatus, planeStatus } from './status.ts'
import { Transactions } from './transactions.ts'

/** Frontends in one round, those that come twice counted twice: a storm without end must not keep the kernel from being looked at. */
const MOST_IN_ROUND = 200_000

/**
 * Keeps the kernel equal to the plan: observe, diff, apply, remember. One transaction at a time; what arrives meanwhile gathers for the
 * next one. No failure ends it: a frontend that fails is found by halving its transaction and retried by itself.
 */
export class Reconciler<O extends PlaneObject> implements AsyncDisposable {
  readonly #options: ReconcilerOptions<O>
  readonly #clock: Clock
  readonly #desired: Desired<O>
  readonly #ledger: Ledger<O>
  readonly #backlog = new Backlog()
  readonly #applying: Applying<O>
  readonly #leftovers: Leftovers<O>
  readonly #reading: Reading<O>
  readonly #transactions: Transactions<O>
  readonly #loop: Loop

  readonly #found: Found<O>
  readonly #firstReading = Promise.withResolvers<void>()

  #complete = false
  /** what of the kernel as found is to be kept from now on; null: nothing new */
  #keepOnly: ReadonlySet<FrontendKey> | null = null
  #keptSince = 0
  /** nothing was applied since the last reading: the next round is over everything */
  #full = true

  #settling: (() => void)[] = []
  #verifying: ((found: Verification) => void)[] = []

  constructor(options: ReconcilerOptions<O>) {
    const { plane, driver, node, clock, log, random, backoff = defaultBackoff, lingerMs = 1_000 } = options
    this.#options = options
    this.#clock = clock
    this.#desired = new Desired(plane, node)
    this.#ledger = new Ledger(plane, lingerMs)
    this.#found = new Found(plane, this.#desired, this.#ledger)
    const retry = new Retry(random, backoff)
    this.#reading = new Reading({ driver, clock, log, retry })
    this.#transactions = new Transactions({ driver, clock, onSent: () => this.#reading.wrote() })
    this.#loop = new Loop(clock, {
      step: () => this.#step(),
      nextDue: () => this.#nextDue(),
      idle: () => this.#tell(),
    })
    this.#applying = new Applying({
      desired: this.#desired,
      ledger: this.#ledger,
      backlog: this.#backlog,
      clock,
      log,
      retry,
      nextTurn: options.nextTurn ?? setImmediate,
      send: (change) => this.#transactions.send(change),
      indivisible: driver.indivisible ?? false,
      onApplied: (keys) => options.onApplied?.(keys),
      onBegun: options.onBegun,
      onFailed: options.onFailed,
    })
    const remove = (objects: readonly O[]): Promise<void> =>
      this.#transactions.send({ add: [], replace: [], remove: objects })
    const onFailed = options.onCleanupFailed
    this.#leftovers = new Leftovers({ plane, ledger: this.#ledger, clock, log, retry, remove, onFailed })
    driver.onForeignChange((what) => {
      this.#reading.foreignChange(what)
      this.#loop.wake()
    })
    this.#loop.wake()
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
    this.#loop.wake()
  }

  /** The node changed: everything is compiled again; what comes out the same costs the kernel nothing. */
  setNode(node: NodeView): void {
    this.#desired.setNode(node)
    const wall = this.#clock.wall()
    this.#addBase(wall)
    for (const key of this.#desired.keys()) this.#backlog.add(key, wall)
    this.#loop.wake()
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
    this.#loop.wake()
  }

  /**
   * The frontends that lead to backends in the kernel as it was first read. To be asked before the sources are complete; waits for
   * the reading, and no longer than until this is disposed.
   */
  async serving(): Promise<ReadonlySet<FrontendKey>> {
    await this.#firstReading.promise
    return frontendsServing(this.#ledger, this.#options.plane)
  }

  /** Reads the kernel again, repairs what differs from the plan, and tells what did. */
  verify(): Promise<Verification> {
    return new Promise((resolve) => {
      this.#verifying.push(resolve)
      this.#reading.request()
      this.#loop.wake()
    })
  }

  /** Resolves when every frontend is in sync or has failed by itself, and nothing lingers or is left over. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settling.push(resolve)
      this.#loop.wake()
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
    return planeStatus({
      plane: this.#options.plane.name,
      desired: this.#desired,
      ledger: this.#ledger,
      backlog: this.#backlog,
      reading: this.#reading,
      refused: this.#applying.refused,
      keptSince: this.#keptSince,
      lastChange: this.#transactions.last,
      transactions: this.#transactions.count,
    })
  }

  /** Finishes the transaction in flight and stops. The kernel keeps what it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]()
    this.#firstReading.resolve()
    for (const resolve of this.#settling.splice(0)) resolve()
    for (const resolve of this.#verifying.splice(0)) resolve(this.#reading.verification)
  }

  // ---- what is due

  /** Does the next thing that is due; false: nothing is. */
  async #step(): Promise<boolean> {
    const now = this.#clock.now()
    if (this.#reading.isDue(now)) return this.#observe()
    if (!this.#reading.done || this.#reading.doubt) return false
    this.#letGo()
    const { together, alone } = this.#backlog.due(now, this.#isHeld)
    if (together.length > 0) return this.#apply(together)
    const [next] = alone
    return next ? this.#apply([next]) : this.#tidy()
  }

  /** ms; null: nothing to wait for */
  #nextDue(): number | null {
    const { done, doubt, dueAt } = this.#reading
    if (!done || doubt) return dueAt
    return [dueAt, this.#backlog.nextDue(this.#isHeld), this.#leftovers.nextDue(this.#complete)].reduce(
      (least, time) => (least === null || (time !== null && time < least) ? time : least),
    )
  }

  /** Nothing is due now. */
  #tell(): void {
    // what was found is told when it has been repaired, so that the status after it is the present one
    if (this.#reading.dueAt === null)
      for (const resolve of this.#verifying.splice(0)) resolve(this.#reading.verification)
    if (this.#isSettled()) for (const resolve of this.#settling.splice(0)) resolve()
  }

  #isSettled(): boolean {
    if (!this.#reading.done || this.#reading.dueAt !== null || this.#ledger.lingering > 0) return false
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
    const first = !this.#reading.done
    const observed = await this.#reading.read()
    if (observed) this.#adopt(this.#ledger.reset(observed), first)
    return true
  }

  /** What the kernel holds counts from now on; where the plan did not change, what we had compiled goes back as it was. */
  #adopt(believed: ReadonlyMap<FrontendKey, Program<O>>, first: boolean): void {
    if (first && !this.#complete) this.#keepFound()
    this.#reading.found(first ? { differing: [], strays: 0 } : this.#ledger.compare(believed))
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

  /** What is in force and not planned is to go. */
  #addUnplanned(): void {
    const wall = this.#clock.wall()
    for (const key of this.#ledger.keys())
      if (!this.#desired.has(key) && !this.isPending(key)) this.#backlog.add(key, wall)
  }

  // ---- apply

  async #apply(pending: readonly Pending[]): Promise<boolean> {
    const { onRound } = this.#options
    const started = this.#clock.now()
    const { refusals } = this.#transactions
    const full = this.#full
    const taken = new Set(pending)
    const doubt = await this.#applying.apply(pending, {
      fresh: this.#reading.fresh,
      more: () => (full ? this.#joining(taken) : []),
    })
    this.#full = false
    const failures = this.#transactions.refusals - refusals
    onRound?.({ keys: Array.from(taken, ({ key }) => key), full, ms: this.#clock.now() - started, failures })
    if (doubt) this.#reading.doubtKernel(doubt.error)
    return true
  }

  /** What was planned since a full round began goes with it, as long as nothing else is to be done first. */
  #joining(taken: Set<Pending>): readonly Pending[] {
    const now = this.#clock.now()
    if (this.#loop.stopped || taken.size > MOST_IN_ROUND || this.#reading.isDue(now)) return []
    return this.#backlog.joining(taken, now, this.#isHeld)
  }

  // ---- remove what nothing needs any more

  async #tidy(): Promise<boolean> {
    const { fresh } = this.#reading
    const ends = (error: unknown): boolean => isDoubtful(error, fresh, [])
    try {
      if (await this.#leftovers.sweep(ends)) return true
      if (!this.#complete) return false
      const waitUntil = this.#backlog.nextDue(this.#isHeld) ?? 0
      return await this.#leftovers.removeStrays(() => this.#desired.needs(this.#backlog, this.#ledger), waitUntil, ends)
    } catch (error) {
      this.#reading.doubtKernel(error)
      return true
    }
  }
}
