import type { FrontendKey } from '../../model/frontend.ts'
import type { Desired } from './desired.ts'
import { BASE, type Ledger } from '../ledger/ledger.ts'
import type { Plane, PlaneObject } from '../plane.ts'

/** What was found in the kernel and is no frontend's own stands in the ledger under a key that no frontend has. */
export const FOUND: FrontendKey = 'found'

/** How much is kept. */
type Phase = 'nothing' | 'everything' | 'some'

/**
 * What a starting reconciler found in the kernel: until the sources are complete this is what should be in force, whatever is missing
 * from the plan by then, and it is put back where others change it. So an agent that starts while its sources are away disturbs nothing.
 * Its calls stage changes of the ledger: none may be in flight.
 */
export class Found<O extends PlaneObject> {
  readonly #plane: Pick<Plane<O>, 'shared'>
  readonly #desired: Desired<O>
  readonly #ledger: Ledger<O>
  #phase: Phase = 'nothing'

  constructor(plane: Pick<Plane<O>, 'shared'>, desired: Desired<O>, ledger: Ledger<O>) {
    this.#plane = plane
    this.#desired = desired
    this.#ledger = ledger
  }

  /** Is anything at all kept? */
  get holds(): boolean {
    return this.#phase !== 'nothing'
  }

  /** Everything that the ledger was reset to. */
  keepEverything(): void {
    for (const key of this.#ledger.keys()) {
      const program = this.#ledger.get(key)
      if (program) this.#desired.keep(key, program)
    }
    const rest = this.#ledger.strayObjects(new Set())
    if (rest.length > 0) {
      const program = { objects: rest, refused: [] }
      this.#ledger.claim(FOUND, program)
      this.#desired.keep(FOUND, program)
    }
    if (this.#desired.kept > 0) this.#phase = 'everything'
  }

  /**
   * From now on only these frontends are kept, with all that frontends share: what they need of it cannot be told. Answers the
   * frontends let go. Nobody is kept: the rest is stray, and whatever no frontend claims is removed.
   */
  keepOnly(keep: ReadonlySet<FrontendKey>): FrontendKey[] {
    const gone = [...this.#desired.keptKeys()].filter((key) => key !== FOUND && !keep.has(key))
    for (const key of gone) this.#desired.letGo(key)
    this.#narrow()
    return gone
  }

  /** Frontends were let go meanwhile: with the last of them goes what frontends share. */
  settle(): void {
    if (this.#phase === 'some' && this.#keepsNoFrontend()) this.#narrow()
  }

  #keepsNoFrontend(): boolean {
    return this.#desired.kept === 0 || (this.#desired.kept === 1 && this.#desired.has(FOUND))
  }

  #narrow(): void {
    const none = this.#keepsNoFrontend()
    const found = none ? [] : (this.#desired.keptProgram(FOUND)?.objects ?? [])
    const shared = found.filter((object) => this.#plane.shared(object))
    const program = shared.length > 0 ? { objects: shared, refused: [] } : null
    // after a reading that is not put right yet it is not there: then it will be
    if (this.#ledger.get(FOUND)) this.#ledger.abandon(FOUND, program)
    if (program) this.#desired.keep(FOUND, program)
    else this.#desired.letGo(FOUND)
    this.#phase = none ? 'nothing' : 'some'
  }
}

/** The frontends that lead to backends, as far as the ledger knows. */
export const frontendsServing = <O extends PlaneObject>(
  ledger: Ledger<O>,
  plane: Pick<Plane<O>, 'serves'>,
): ReadonlySet<FrontendKey> => {
  const serving = new Set<FrontendKey>()
  for (const key of ledger.keys()) {
    const objects = ledger.get(key)?.objects ?? []
    if (key !== BASE && key !== FOUND && (plane.serves?.(objects) ?? true)) serving.add(key)
  }
  return serving
}
