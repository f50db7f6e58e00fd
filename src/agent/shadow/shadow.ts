import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  compareFrontend,
  type Difference,
  type FrontendComparison,
  type Sides,
} from '../../inspect/compare-frontend.ts'
import { describePacket } from '../../inspect/compare.ts'
import type { Subject } from '../../inspect/compare-packets.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { oracle } from '../../routing/decide.ts'
import type { PlanChange } from '../../routing/planner.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { PlanReceiver } from '../planning.ts'
import { Findings } from './findings.ts'
import type { LiveRules, ReadRules } from './live-rules.ts'
import type { ShadowStatus } from './status.ts'

export interface ShadowOptions {
  readonly rules: LiveRules
  /** a live view of the plan */
  readonly frontends: () => ReadonlyMap<FrontendKey, Frontend>
  readonly node: NodeView
  readonly clock: Clock
  readonly log: Log
  /** ms that a difference must stay before it is told */
  readonly settle: number
  /** ms between passes over all frontends where nothing seems to have changed */
  readonly pass: number
}

/** ms between looks at whether the rules have changed */
const LOOK = 1_000
/** Reading and comparing take at most one part in so many of the time. */
const SHARE = 10
/** ms of comparing between two turns of the event loop, and at one look */
const TURN = 10
const SLICE = 100
/** as long as nothing is known yet */
const FIRST_SLICE = 400
/** lines of the log at one look */
const LINES = 20

/**
 * Compares what the rules in force do with what the plan would do, frontend by frontend. What the plan changed, and what differed, is
 * compared at once when the rules have been read; all the others in passes, a slice at each look. Writes nothing.
 */
export class Shadow implements PlanReceiver, AsyncDisposable {
  readonly #options: ShadowOptions
  readonly #findings: Findings
  #node: NodeView
  /** planned anew since they were compared */
  readonly #dirty = new Set<FrontendKey>()
  /** not planned (any more), but in the rules: they should go from there */
  readonly #gone = new Map<FrontendKey, Subject>()
  readonly #compared = new Set<FrontendKey>()
  #rules: ReadRules | null = null
  #revision = ''
  #unreadable = ''
  /** `asOf`: when the kernel was last asked, and said that they are as we know them; `next`: not asked before */
  #read = { at: 0, count: 0, asOf: 0, next: 0 }
  /** the rest of the pass under way; null: none is */
  #pass: Iterator<FrontendKey> | null = null
  /** something changed that may concern any frontend: another pass must follow */
  #again = false
  #passed = { at: 0, wall: 0 }
  #ended = false
  #running: Promise<void>
  #cancel: () => void = () => {}

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#node = options.node
    this.#findings = new Findings(options.settle)
    this.#running = this.#run()
  }

  setNode(node: NodeView): void {
    this.#node = node
    this.#again = true
  }

  hand({ frontends, before }: PlanChange): void {
    for (const [key, frontend] of frontends) {
      const old = before.get(key)
      if (frontend !== null) this.#gone.delete(key)
      else if (old !== undefined) this.#gone.set(key, old)
      this.#dirty.add(key)
    }
  }

  status(): ShadowStatus {
    const { settle, frontends } = this.#options
    return {
      frontends: frontends().size,
      compared: this.#compared.size,
      differences: this.#findings.reported(),
      settling: this.#findings.settling(),
      unsure: this.#findings.unsure(),
      rules: {
        read: this.#read.at,
        readings: this.#read.count,
        passed: this.#passed.wall,
        unreadable: this.#unreadable,
        problems: this.#rules?.problems ?? [],
      },
      settle,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    this.#cancel()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#look()
      } catch (error) {
        this.#options.log.error({ err: error }, 'the rules and the plan could not be compared; tried again')
      }
      if (!this.#ended) await this.#rest(LOOK)
    }
  }

  async #rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#options.clock.after(ms, resolve)
    this.#cancel = () => {
      cancel()
      resolve()
    }
    await promise
  }

  /** One look: the rules where they changed, what is urgent, a slice of the pass, and what that makes known. */
  async #look(): Promise<void> {
    const isNew = await this.#readAgain()
    if (this.#rules === null || this.#ended) return
    if (isNew || this.#dirty.size > 0) for (const key of this.#findings.open()) this.#dirty.add(key)
    // the first plan, or very much at once: a pass is as good
    if (this.#dirty.size > this.#options.frontends().size / 2) {
      this.#dirty.clear()
      this.#again = true
    }
    await this.#compare(this.#urgent(), SLICE)
    await this.#goOn(this.#rules)
    this.#tell(this.#findings.settled(this.#read.asOf))
  }

  /** A slice of the pass. One that is under way is finished before the next: what stands last has its turn, too. */
  async #goOn(rules: ReadRules): Promise<void> {
    const { clock, pass } = this.#options
    if (this.#pass === null && (this.#again || clock.now() - this.#passed.at >= pass)) {
      this.#again = false
      this.#pass = this.#everything(rules)
    }
    const slice = this.#passed.wall === 0 ? FIRST_SLICE : SLICE
    if (this.#pass === null || !(await this.#compare(this.#pass, slice))) return
    this.#pass = null
    this.#passed = { at: clock.now(), wall: clock.wall() }
  }

  *#urgent(): Generator<FrontendKey> {
    for (const key of this.#dirty) {
      this.#dirty.delete(key)
      yield key
    }
  }

  /** What is planned, and what only the rules have. */
  *#everything(rules: ReadRules): Generator<FrontendKey> {
    const planned = this.#options.frontends()
    yield* Array.from(planned.keys())
    yield* Array.from(this.#gone.keys())
    for (const subject of rules.frontends()) {
      if (planned.has(subject.key)) continue
      if (!this.#gone.has(subject.key)) this.#gone.set(subject.key, subject)
      yield subject.key
    }
  }

  /** True: they are other rules than before. A reading that took long is not repeated soon. */
  async #readAgain(): Promise<boolean> {
    const { rules, clock, log } = this.#options
    const began = clock.now()
    if (began < this.#read.next) return false
    try {
      const revision = await rules.revision()
      if (revision === this.#revision && this.#unreadable === '' && this.#rules !== null) {
        this.#read.asOf = began
        return false
      }
      this.#rules = await rules.read()
      this.#revision = revision
      this.#unreadable = ''
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (why !== this.#unreadable) log.error({ err: error }, `the rules in force cannot be read: ${why}`)
      this.#unreadable = why
      return false
    }
    const ended = clock.now()
    const next = ended + (ended - began) * (SHARE - 1)
    this.#read = { at: clock.wall(), count: this.#read.count + 1, asOf: began, next }
    this.#again = true
    return true
  }

  /** True when all keys are done; false when `budget` ms were spent before. */
  async #compare(keys: Iterator<FrontendKey>, budget: number): Promise<boolean> {
    const { clock, frontends } = this.#options
    const rules = this.#rules
    if (rules === null) return false
    const begun = clock.now()
    let turn = begun
    let sides: Sides | null = null
    for (let next = keys.next(); !next.done; next = keys.next()) {
      if (this.#ended) return false
      // the plan may have changed in the last turn of the event loop
      sides ??= { node: this.#node, decide: oracle(frontends(), this.#node), trace: rules.trace }
      this.#compareOne(next.value, sides)
      const now = clock.now()
      if (now - begun >= budget) return false
      if (now - turn < TURN) continue
      await nextTurn()
      sides = null
      turn = clock.now()
    }
    return true
  }

  #compareOne(key: FrontendKey, sides: Sides): void {
    const { clock, log, frontends } = this.#options
    const frontend = frontends().get(key)
    const subject = frontend ?? this.#gone.get(key)
    const found = subject === undefined ? nothing : compareFrontend(subject, sides)
    if (frontend !== undefined) this.#compared.add(key)
    else {
      this.#compared.delete(key)
      if (found.is === 'same') this.#gone.delete(key)
    }
    const over = this.#findings.note(key, found, { now: clock.now(), wall: clock.wall() })
    if (over !== null) log.info(factsOf(over), `the rules and the plan agree again on ${key}`)
  }

  #tell(news: readonly Difference[]): void {
    const { log } = this.#options
    for (const difference of news.slice(0, LINES)) {
      const { packet, planned, found } = difference
      log.warn(
        factsOf(difference),
        `the rules differ from the plan: ${describePacket(packet)}: the rules: ${found}; the plan: ${planned}`,
      )
    }
    if (news.length > LINES)
      log.warn({ differences: news.length }, `and ${news.length - LINES} more differences (evenkeel status has all)`)
  }
}

const nothing: FrontendComparison = { is: 'same' }

const factsOf = ({ frontend, service, kind }: Difference) => ({ frontend, service, kind })
