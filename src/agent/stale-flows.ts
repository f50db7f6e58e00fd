import type { Conntrack, FlowFilter } from '../kernel/conntrack-types.ts'
import { familyOf, formatEndpoint } from '../model/address.ts'
import type { FrontendKey } from '../model/frontend.ts'
import type { Family } from '../model/objects.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'

export interface StaleFlowsOptions {
  readonly conntrack: Conntrack
  readonly clock: Clock
  readonly log: Log
  /** is the frontend's latest plan not yet in force? */
  readonly isPending: (key: FrontendKey) => boolean
  readonly onPass?: ((pass: FlowPass) => void) | undefined
}

/** One pass over the flows of a family. NodePorts' filters, which do not tell the family, count as IPv4. */
export interface FlowPass {
  readonly family: Family
  readonly deleted: number
  readonly ms: number
}

/** ms that deletions gather before one pass over conntrack does them all */
const GATHER = 20
/** ms until a failed pass is tried again */
const RETRY = 1_000

interface Waiting {
  readonly flow: FlowFilter
  /** ms on the clock's `now` */
  readonly notBefore: number
}

/**
 * Deletes flows that conntrack keeps sending to the wrong place, once the rules that would send them there again are gone: a flow is
 * deleted when its frontend is in force as planned. Many at once cost one pass.
 */
export class StaleFlows implements AsyncDisposable {
  readonly #options: StaleFlowsOptions
  /** by what they say, so that a flapping endpoint does not add up */
  readonly #waiting = new Map<string, Waiting>()
  #timer: { readonly dueAt: number; readonly cancel: () => void } | null = null
  #isPassing = false
  /** of flows that are given time: ms on the clock's `now` */
  #lastTurn = 0
  /** after a failure: ms on the clock's `now` */
  #retryAt = 0
  #pass: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: StaleFlowsOptions) {
    this.#options = options
  }

  /**
   * Flows of a plan that was handed to the reconciler already. They are looked for in `afterMs` at the earliest, default 0, and after
   * twice that where many come one after the other: for all of these there is a pass every `afterMs`.
   */
  add(flows: readonly FlowFilter[], afterMs = 0): void {
    if (flows.length === 0) return
    const notBefore = this.#turn(afterMs)
    for (const flow of flows) {
      const text = JSON.stringify(flow)
      if (!this.#waiting.has(text)) this.#waiting.set(text, { flow, notBefore })
    }
    this.applied()
  }

  /** Something came into force: flows of those frontends may go now. */
  applied(): void {
    if (this.#waiting.size > 0 && !this.#isPassing) this.#schedule()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#pass
  }

  #turn(afterMs: number): number {
    const earliest = this.#options.clock.now() + afterMs
    if (afterMs === 0) return earliest
    if (earliest > this.#lastTurn) this.#lastTurn = Math.max(earliest, this.#lastTurn + afterMs)
    return this.#lastTurn
  }

  /** A pass when the first of those that need not wait for their rules may go. */
  #schedule(): void {
    const { clock } = this.#options
    let first = Infinity
    for (const { flow, notBefore } of this.#waiting.values())
      if (notBefore < first && !this.#isPending(flow)) first = notBefore
    const now = clock.now()
    const dueAt = Math.max(first, now + GATHER, this.#retryAt)
    if (this.#stopped || first === Infinity || (this.#timer && this.#timer.dueAt <= dueAt)) return
    this.#timer?.cancel()
    const cancel = clock.after(dueAt - now, () => {
      this.#pass = this.#delete()
    })
    this.#timer = { dueAt, cancel }
  }

  async #delete(): Promise<void> {
    this.#timer = null
    this.#isPassing = true
    await this.#deleteDue()
    this.#isPassing = false
    this.#schedule()
  }

  async #deleteDue(): Promise<void> {
    const { clock, log } = this.#options
    const now = clock.now()
    const due = [...this.#waiting].filter(([, { flow, notBefore }]) => notBefore <= now && !this.#isPending(flow))
    for (const [text] of due) this.#waiting.delete(text)
    const flows = due.map(([, { flow }]) => flow)
    try {
      await this.#deleteOf('IPv4', flows)
      await this.#deleteOf('IPv6', flows)
    } catch (error) {
      for (const [text, waiting] of due) this.#waiting.set(text, waiting)
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'stale flows could not be deleted')
      this.#retryAt = clock.now() + RETRY
    }
  }

  #isPending(flow: FlowFilter): boolean {
    return keysOf(flow).some(this.#options.isPending)
  }

  async #deleteOf(family: Family, all: readonly FlowFilter[]): Promise<void> {
    const flows = all.filter(({ address }) => familyOf(address ?? '') === family)
    if (flows.length === 0) return
    const { conntrack, clock, log, onPass } = this.#options
    const started = clock.now()
    const deleted = await conntrack.deleteFlows(flows)
    onPass?.({ family, deleted, ms: clock.now() - started })
    log.debug({ filters: flows.length, deleted }, 'stale flows deleted')
  }
}

/** The frontends that a flow may have dialled: a NodePort's filter does not say which family. */
const keysOf = ({ address, port, protocol }: FlowFilter): FrontendKey[] =>
  address === null
    ? [`node:${port}/${protocol}`, `node6:${port}/${protocol}`]
    : [`${formatEndpoint(address, port)}/${protocol}`]
