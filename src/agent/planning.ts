import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NodeView } from '../model/node-view.ts'
import type { FrontendKey, Frontend } from '../model/frontend.ts'
import type { InputProblem, SnapshotChange } from '../model/snapshot.ts'
import { type PlanChange, Planner } from '../routing/planner.ts'
import type { Store } from '../sources/store.ts'
import type { Clock } from '../util/clock.ts'
import type { ProxyConfig } from './config/config.ts'
import { liveNodeView } from './live-node.ts'
import type { AgentObserver } from './observer.ts'

export interface PlanningOptions {
  readonly config: ProxyConfig
  readonly store: Store
  readonly clock: Clock
  readonly observer: AgentObserver
}

/** Where plans go. */
export interface PlanReceiver {
  setNode(node: NodeView): void
  hand(plan: PlanChange): void
}

/** ms that changes of addresses gather: they come one by one when an interface is set up */
const ADDRESSES_GATHER = 100
const nothing: SnapshotChange = { services: new Set(), nodes: new Set(), serviceCIDRs: false }

/** What the store and the node's interfaces say becomes plans for this node, at the cost of each change. */
export class Planning implements Disposable {
  readonly #options: PlanningOptions
  readonly #planner: Planner
  #addresses: readonly string[] = []
  #node: NodeView
  #receiver: PlanReceiver | null = null
  #unsubscribe: (() => void) | null = null
  #cancelAddresses: (() => void) | null = null

  constructor(options: PlanningOptions) {
    this.#options = options
    this.#node = this.#viewNode()
    this.#planner = new Planner(this.#node)
  }

  get node(): NodeView {
    return this.#node
  }

  /** A live view: valid until the next change. */
  get frontends(): ReadonlyMap<FrontendKey, Frontend> {
    return this.#planner.frontends
  }

  /** Conflicts between objects, and what of them is not served. */
  problems(): readonly InputProblem[] {
    return this.#planner.problems()
  }

  /** The addresses of the node's interfaces, now. */
  setAddresses(addresses: readonly string[]): void {
    this.#addresses = addresses
    if (this.#receiver === null) return
    this.#cancelAddresses ??= this.#options.clock.after(ADDRESSES_GATHER, () => {
      this.#cancelAddresses = null
      this.#onChange(nothing, true)
    })
  }

  /** Sources are complete: the node as it is known now. To be called before `begin`. */
  lookAtNode(): NodeView {
    this.#node = this.#viewNode()
    return this.#node
  }

  /**
   * Plans everything for the node as `lookAtNode` saw it, and from now on what changes. In parts, so that the plane has work and
   * the event loop a turn before the last is made; `whole`: at once. Resolves when all was handed on.
   */
  async begin(receiver: PlanReceiver, { whole }: { readonly whole: boolean }): Promise<void> {
    const { store, observer } = this.#options
    const { snapshot } = store
    this.#receiver = receiver
    observer.node?.(this.#node)
    this.#unsubscribe = store.subscribe((change) => this.#onChange(change))
    const parts = whole ? [this.#planner.sync(snapshot, this.#node)] : this.#planner.syncInParts(snapshot, this.#node)
    for (const part of parts) {
      // disposed meanwhile
      if (this.#receiver === null) return
      observer.planned?.(part, true)
      receiver.hand(part)
      await nextTurn()
    }
  }

  [Symbol.dispose](): void {
    this.#receiver = null
    this.#unsubscribe?.()
    this.#cancelAddresses?.()
  }

  #onChange(change: SnapshotChange, addressesChanged = false): void {
    const { config, store, observer } = this.#options
    observer.changed?.(change, store.snapshot)
    const concernsNode = addressesChanged || change.serviceCIDRs || change.nodes.has(config.nodeName)
    const node = concernsNode ? this.#viewNode() : this.#node
    const plan = this.#planner.update(store.snapshot, change, node)
    if (node !== this.#node && !sameView(node, this.#node)) {
      observer.node?.(node)
      this.#receiver?.setNode(node)
    }
    this.#node = node
    observer.planned?.(plan, false)
    this.#receiver?.hand(plan)
  }

  #viewNode(): NodeView {
    const { config, store } = this.#options
    return liveNodeView(config, store.snapshot, this.#addresses)
  }
}

const sameView = (a: NodeView, b: NodeView): boolean => JSON.stringify(a) === JSON.stringify(b)
