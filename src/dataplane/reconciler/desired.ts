import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { BASE, type Ledger } from '../ledger/ledger.ts'
import type { Plane, PlaneObject, Program } from '../plane.ts'

/** What should be in force: the frontends of the plan and the node, and the programs that they compile to. */
export class Desired<O extends PlaneObject> {
  readonly #plane: Plane<O>
  readonly #frontends = new Map<FrontendKey, Frontend>()
  /** compiled earlier and still right, though not (or no longer) in force: put back as they are, so that slots stay */
  readonly #compiled = new Map<FrontendKey, Program<O>>()
  /** found in the kernel: stays as it is, whatever the plan says */
  readonly #kept = new Map<FrontendKey, Program<O>>()
  #node: NodeView

  constructor(plane: Plane<O>, node: NodeView) {
    this.#plane = plane
    this.#node = node
  }

  /** frontends of the plan */
  get size(): number {
    return this.#frontends.size
  }

  /** programs kept as they were found */
  get kept(): number {
    return this.#kept.size
  }

  /** The node's own part always is. */
  has(key: FrontendKey): boolean {
    return key === BASE || this.#frontends.has(key) || this.#kept.has(key)
  }

  /** Is it in the plan, kept or not? */
  isPlanned(key: FrontendKey): boolean {
    return this.#frontends.has(key)
  }

  /** As planned. */
  frontend(key: FrontendKey): Frontend | undefined {
    return this.#frontends.get(key)
  }

  /** Everything that should be in force, but for the node's own part. */
  *keys(): Iterable<FrontendKey> {
    yield* this.#frontends.keys()
    for (const key of this.#kept.keys()) if (!this.#frontends.has(key)) yield key
  }

  keptKeys(): Iterable<FrontendKey> {
    return this.#kept.keys()
  }

  keptProgram(key: FrontendKey): Program<O> | undefined {
    return this.#kept.get(key)
  }

  /** This program, until it is let go. */
  keep(key: FrontendKey, program: Program<O>): void {
    this.#kept.set(key, program)
  }

  /** What the plan says counts again. */
  letGo(key: FrontendKey): void {
    this.#kept.delete(key)
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
    if (!this.#kept.has(key)) this.#compiled.set(key, program)
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
    const ready = this.#kept.get(key) ?? this.#compiled.get(key)
    if (ready) return ready
    if (key === BASE) return this.#plane.base(this.#node)
    const frontend = this.#frontends.get(key)
    return frontend ? this.#plane.compile(frontend, this.#node, inForce) : null
  }

  /** Keys of objects that these frontends will want; null: for one of them it cannot be told. */
  needs(pending: Iterable<{ readonly key: FrontendKey }>, inForce: Pick<Ledger<O>, 'get'>): ReadonlySet<string> | null {
    const needed = new Set<string>()
    for (const { key } of pending) {
      try {
        const program = this.program(key, inForce.get(key)?.objects)
        for (const object of program?.objects ?? []) needed.add(object.key)
      } catch {
        return null
      }
    }
    return needed
  }
}
