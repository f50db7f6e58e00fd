import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { PlanChange } from '../../routing/planner.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { BrakeSettings } from '../config/types.ts'
import { HeldFrontends } from './held-frontends.ts'
import { RecentlyEmptied } from './recently-emptied.ts'
import type { BrakeStatus } from './status.ts'

export interface BrakeOptions {
  readonly config: BrakeSettings
  readonly clock: Clock
  readonly log: Log
  /** what was held and no longer is, to be put in force now */
  readonly onRelease: (plan: PlanChange) => void
}

/** Why the brake let go: somebody said so, or what was left would have passed for a whole window. */
export type ReleaseReason = 'confirmed' | 'recovered'

/**
 * Stands between the planner and the plane. Changes that would leave too many frontends without backends, at once or within a window,
 * are held: those frontends keep what they have until their endpoints come back or somebody confirms. Everything else passes, also what
 * makes a held frontend serve again or gives it to another Service. Each change costs its own size.
 */
export class Brake implements Disposable {
  readonly #options: BrakeOptions
  readonly #held = new HeldFrontends()
  readonly #emptied: RecentlyEmptied
  /** with backends in the kernel before the first plan; empty once that was seen */
  #found: ReadonlySet<FrontendKey> = new Set()
  /** frontends with backends in force, the held ones among them */
  #serving = 0
  /** ms since the epoch, 0 not engaged */
  #since = 0
  /** a window ago what is held would have passed already */
  #calm = false
  #engagedTotal = 0
  #suspended: { readonly until: number; readonly wall: number } | null = null
  #cancelTimer: (() => void) | null = null

  constructor(options: BrakeOptions) {
    this.#options = options
    this.#emptied = new RecentlyEmptied(options.config.window)
  }

  /** What serves in the kernel before anything is put in force: the first plan is measured by it. */
  begin(serving: ReadonlySet<FrontendKey>): void {
    this.#found = serving
    this.#serving = serving.size
  }

  isHeld(key: FrontendKey): boolean {
    return this.#held.has(key)
  }

  heldKeys(): ReadonlySet<FrontendKey> {
    return new Set(this.#held.keys())
  }

  /** What of the plan is to be in force now: the same object as long as nothing is held. */
  admit(plan: PlanChange): PlanChange {
    const { emptying, recovered } = this.#sort(plan)
    if (this.#mustHold(emptying)) this.#hold(emptying, plan)
    else this.#letPass(emptying)
    this.#found = new Set()
    if (this.#since === 0) return plan
    const admitted = this.#held.withhold(plan, recovered)
    if (this.#held.size === 0) this.#disengage('recovered', recovered.size)
    else if (this.#isTooMany(this.#held.size)) this.#calm = false
    return admitted
  }

  /** Lets everything go, and holds nothing for `suspendMs` from now. Answers how many frontends were held. */
  release(suspendMs: number): number {
    const { clock } = this.#options
    this.#suspended = suspendMs > 0 ? { until: clock.now() + suspendMs, wall: clock.wall() + suspendMs } : null
    this.#emptied.clear()
    return this.#releaseHeld('confirmed')
  }

  status(): BrakeStatus {
    const { clock, config } = this.#options
    this.#emptied.expire(clock.now())
    return {
      engaged: this.#since !== 0,
      since: this.#since,
      suspendedUntil: this.#suspended && this.#isSuspended() ? this.#suspended.wall : 0,
      held: this.#held.report(),
      serving: this.#serving,
      emptied: this.#emptied.size,
      engagedTotal: this.#engagedTotal,
      ...config,
    }
  }

  /** What is held stays in the kernel. */
  [Symbol.dispose](): void {
    this.#cancelTimer?.()
  }

  /** Takes the others into account; answers which lose their last backend, and which of the held have some again. */
  #sort(plan: PlanChange): { emptying: FrontendKey[]; recovered: Map<FrontendKey, Frontend> } {
    const emptying: FrontendKey[] = []
    const recovered = new Map<FrontendKey, Frontend>()
    for (const [key, after] of plan.frontends) {
      const isHeld = this.#held.has(key)
      const before = isHeld ? this.#held.kept(key) : plan.before.get(key)
      const had = isHeld || this.#found.has(key) || (before ? serves(before) : false)
      const has = after !== null && serves(after)
      const moved = before && after ? before.service !== after.service : false
      if (had && !has && !moved) {
        emptying.push(key)
        continue
      }
      if (has !== had) this.#serving += has ? 1 : -1
      if (has) this.#emptied.delete(key)
      if (isHeld && after) recovered.set(key, after)
    }
    for (const key of this.#found) if (!plan.frontends.has(key)) emptying.push(key)
    return { emptying, recovered }
  }

  #mustHold(emptying: readonly FrontendKey[]): boolean {
    if (emptying.length === 0 || this.#isSuspended()) return false
    if (this.#since !== 0) return true
    this.#emptied.expire(this.#options.clock.now())
    return this.#isTooMany(emptying.length)
  }

  #isSuspended(): boolean {
    return this.#suspended !== null && this.#options.clock.now() < this.#suspended.until
  }

  /** So many more, with those of the window. */
  #isTooMany(more: number): boolean {
    const { maxEmptiedPercent, minFrontends } = this.#options.config
    const count = this.#emptied.size + more
    return count >= minFrontends && count * 100 > maxEmptiedPercent * (this.#serving + this.#emptied.size)
  }

  #letPass(keys: readonly FrontendKey[]): void {
    this.#serving -= keys.length
    if (keys.length === 0 || this.#isSuspended()) return
    const now = this.#options.clock.now()
    for (const key of keys) this.#emptied.add(key, now)
  }

  #hold(keys: readonly FrontendKey[], plan: PlanChange): void {
    const wall = this.#options.clock.wall()
    if (this.#since === 0) this.#engage(keys.length, wall)
    for (const key of keys) {
      // at the first plan nobody knows how the frontend came to be as it is in the kernel
      this.#held.hold(key, plan.before.get(key) ?? null, plan.frontends.get(key) ?? null, wall)
    }
  }

  #engage(frontends: number, wall: number): void {
    const { log, config } = this.#options
    this.#since = wall
    this.#calm = false
    this.#engagedTotal++
    log.warn(
      {
        frontends,
        emptiedBefore: this.#emptied.size,
        serving: this.#serving,
        maxEmptiedPercent: config.maxEmptiedPercent,
      },
      'the brake holds a change that would leave too many frontends without backends; `evenkeel brake release` confirms it',
    )
    this.#watch()
  }

  /** Looks once a window whether what is left would pass; let go when it would have for a whole one. */
  #watch(): void {
    const { clock, config } = this.#options
    this.#cancelTimer = clock.after(config.window, () => {
      this.#emptied.expire(clock.now())
      const tooMany = this.#isTooMany(this.#held.size)
      if (!tooMany && this.#calm) {
        this.#releaseHeld('recovered')
        return
      }
      this.#calm = !tooMany
      this.#watch()
    })
  }

  #releaseHeld(reason: ReleaseReason): number {
    const released = [...this.#held.keys()]
    if (released.length === 0) return 0
    this.#serving -= released.length
    const now = this.#options.clock.now()
    if (reason === 'recovered') for (const key of released) this.#emptied.add(key, now)
    const plan = this.#held.release()
    this.#disengage(reason, released.length)
    this.#options.onRelease(plan)
    return released.length
  }

  #disengage(reason: ReleaseReason, frontends: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#since = 0
    this.#options.log.warn({ reason, frontends }, 'the brake is released')
  }
}

/** Leads it anybody to backends? */
const serves = ({ sets }: Frontend): boolean => sets.cluster !== null || sets.local !== null
