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

/**
 * Deletes flows that conntrack keeps sending to the wrong place, once the rules that would send them there again are gone: a flow is
 * deleted when its frontend is in force as planned. Many at once cost one pass.
 */
export class StaleFlows implements AsyncDisposable {
  readonly #options: StaleFlowsOptions
  /** by what they say, so that a flapping endpoint does not add up */
  readonly #waiting = new Map<string, FlowFilter>()
  #cancelTimer: (() => void) | null = null
  #pass: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: StaleFlowsOptions) {
    this.#options = options
  }

  /** Flows of a plan that was handed to the reconciler already. */
  add(flows: readonly FlowFilter[]): void {
    for (const flow of flows) this.#waiting.set(JSON.stringify(flow), flow)
    this.applied()
  }

  /** Something came into force: flows of those frontends may go now. */
  applied(): void {
    if (this.#waiting.size === 0 || this.#stopped || this.#cancelTimer) return
    this.#cancelTimer = this.#options.clock.after(GATHER, () => {
      this.#pass = this.#delete()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    await this.#pass
  }

  async #delete(): Promise<void> {
    const { clock, log, isPending } = this.#options
    const due = [...this.#waiting].filter(([, flow]) => !keysOf(flow).some(isPending))
    for (const [text] of due) this.#waiting.delete(text)
    try {
      const flows = due.map(([, flow]) => flow)
      await this.#deleteOf('IPv4', flows)
      await this.#deleteOf('IPv6', flows)
      this.#cancelTimer = null
    } catch (error) {
      for (const [text, flow] of due) this.#waiting.set(text, flow)
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'stale UDP flows could not be deleted',
      )
      if (!this.#stopped)
        this.#cancelTimer = clock.after(RETRY, () => {
          this.#pass = this.#delete()
        })
    }
  }

  async #deleteOf(family: Family, all: readonly FlowFilter[]): Promise<void> {
    const flows = all.filter(({ address }) => familyOf(address ?? '') === family)
    if (flows.length === 0) return
    const { conntrack, clock, log, onPass } = this.#options
    const started = clock.now()
    const deleted = await conntrack.deleteFlows(flows)
    onPass?.({ family, deleted, ms: clock.now() - started })
    log.debug({ filters: flows.length, deleted }, 'stale UDP flows deleted')
  }
}

/** The frontends that a flow may have dialled: a NodePort's filter does not say which family. */
const keysOf = ({ address, port, protocol }: FlowFilter): FrontendKey[] =>
  address === null
    ? [`node:${port}/${protocol}`, `node6:${port}/${protocol}`]
    : [`${formatEndpoint(address, port)}/${protocol}`]
