import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import { BASE } from './ledger.ts'
import type { Plane, PlaneObject, Program } from './plane.ts'

/** What should be in force: the frontends of the plan and the node, and the programs that they compile to. */
export class Desired<O extends PlaneObject> {
  readonly #plane: Plane<O>
  readonly #frontends = new Map<FrontendKey, Frontend>()
  /** compiled earlier and still right, though not (or no longer) in force: put back as they are, so that slots stay */
  readonly #compiled = new Map<FrontendKey, Program<O>>()
  #node: NodeView

  constructor(plane: Plane<O>, node: NodeView) {
    this.#plane = plane
    this.#node = node
  }

  get size(): number {
    return this.#frontends.size
  }

  /** The node's own part always is. */
  has(key: FrontendKey): boolean {
    return key === BASE || this.#frontends.has(key)
  }

  keys(): Iterable<FrontendKey> {
    return this.#frontends.keys()
  }

  /** null: no longer planned */
  set(key: FrontendKey, frontend: Frontend | null): void {
    this.#compiled.delete(key)
    if (frontend) this.#frontends.set(key, frontend)
    else this.#frontends.delete(key)
  }

  setNode(node: NodeView): void {
    this.#node = node
    this.#compiled.clear()
  }

  /** This was in force until now, and the plan has not changed since. */
  restore(key: FrontendKey, program: Program<O>): void {
    this.#compiled.set(key, program)
  }

  /** It is in force: the ledger keeps it. */
  settled(key: FrontendKey): void {
    this.#compiled.delete(key)
  }

  /** Frontends with the same number are cheapest for the kernel in one transaction. */
  neighbourhood(key: FrontendKey): number {
    const frontend = this.#frontends.get(key)
    return (frontend && this.#plane.neighbourhood?.(frontend)) ?? 0
  }

  /** null: nothing should be in force. Throws what the plane throws. */
  program(key: FrontendKey, inForce: readonly O[] | undefined): Program<O> | null {
    const compiled = this.#compiled.get(key)
    if (compiled) return compiled
    if (key === BASE) return this.#plane.base(this.#node)
    const frontend = this.#frontends.get(key)
    return frontend ? this.#plane.compile(frontend, this.#node, inForce) : null
  }
}
