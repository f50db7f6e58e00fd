import type { FrontendKey } from '../../model/frontend.ts'
import type { Change, Observed, Plane, PlaneObject, Program } from '../plane.ts'
import { SharedObjects } from './shared-objects.ts'
import { Staging } from './staging.ts'

/** The program of the node itself (`Plane.base`) stands in the ledger like a frontend's, under a key that no frontend has. */
export const BASE: FrontendKey = ''

export type Programs<O extends PlaneObject> = ReadonlyMap<FrontendKey, Program<O> | null>

/** A change that is worked out but not yet in the kernel. The ledger believes it only when told so. */
export interface Staged<O extends PlaneObject> {
  readonly change: Change<O>
  /** in no program any more, but a packet in flight may still look them up */
  readonly released: readonly O[]
  /** `now` in ms: what lingers is due a pause later */
  commit(now: number): void
}

interface Lingering<O> {
  readonly object: O
  readonly due: number
}

/**
 * What is in force in the kernel, by frontend, as far as we know: read once (`reset`), then kept up with every change.
 * An object is in exactly one place: in a program (shared ones are counted), lingering (removed from every program, but a packet
 * in flight may still look it up), or stray (found in the kernel, in no program yet).
 */
export class Ledger<O extends PlaneObject> {
  readonly #plane: Pick<Plane<O>, 'shared' | 'equal' | 'lingers'>
  readonly #lingerMs: number
  #programs = new Map<FrontendKey, Program<O>>()
  #shared = new SharedObjects<O>()
  #strays = new Map<string, O>()
  /** in the order they are due */
  #lingering = new Map<string, Lingering<O>>()

  constructor(plane: Pick<Plane<O>, 'shared' | 'equal' | 'lingers'>, lingerMs: number) {
    this.#plane = plane
    this.#lingerMs = lingerMs
  }

  get(key: FrontendKey): Program<O> | undefined {
    return this.#programs.get(key)
  }

  keys(): Iterable<FrontendKey> {
    return this.#programs.keys()
  }

  values(): Iterable<Program<O>> {
    return this.#programs.values()
  }

  get strays(): number {
    return this.#strays.size
  }

  get lingering(): number {
    return this.#lingering.size
  }

  /** ms; null: nothing lingers */
  get nextDue(): number | null {
    for (const { due } of this.#lingering.values()) return due
    return null
  }

  /** Takes what a kernel holds as the truth. Returns the programs believed in force until now. */
  reset(observed: Observed<O>): ReadonlyMap<FrontendKey, Program<O>> {
    const believed = this.#programs
    const lingering = this.#lingering
    this.#programs = new Map()
    this.#shared = new SharedObjects()
    this.#strays = new Map()
    this.#lingering = new Map()
    const stray = (object: O): void => {
      const pause = lingering.get(object.key)
      if (pause) this.#lingering.set(object.key, { object, due: pause.due })
      else this.#strays.set(object.key, object)
    }
    for (const object of observed.other) stray(object)
    for (const [key, objects] of observed.frontends) {
      const own = lingering.size === 0 ? objects : objects.filter((object) => !lingering.has(object.key))
      if (own.length < objects.length) objects.filter((object) => lingering.has(object.key)).forEach(stray)
      if (own.length > 0) this.#programs.set(key, { objects: own, refused: [] })
    }
    this.#lingering = new Map([...this.#lingering].sort(([, a], [, b]) => a.due - b.due))
    return believed
  }

  /**
   * The one change that brings these frontends from what is in force to the given programs (null: removed).
   * Staging another change forgets this one.
   */
  stage(programs: Programs<O>): Staged<O> {
    this.#shared.forget()
    const idle = this.#lingering.size === 0 && this.#strays.size === 0
    const unclaimed = idle ? null : (key: string): O | undefined => this.#unclaimed(key)
    const staging = new Staging<O>({ plane: this.#plane, shared: this.#shared, unclaimed })
    for (const [key, program] of programs) {
      staging.place(this.#programs.get(key)?.objects ?? [], program?.objects ?? [])
    }
    const { change, released, claimed } = staging.finish()
    return {
      change,
      released,
      commit: (now) => {
        for (const [key, program] of programs) {
          if (program) this.#programs.set(key, program)
          else this.#programs.delete(key)
        }
        this.#shared.commit()
        for (const key of claimed) {
          this.#strays.delete(key)
          this.#lingering.delete(key)
        }
        for (const object of released) this.#lingering.set(object.key, { object, due: now + this.#lingerMs })
      },
    }
  }

  /** Strays that are all in the kernel as they stand here become a program. */
  claim(key: FrontendKey, program: Program<O>): void {
    this.stage(new Map([[key, program]])).commit(0)
  }

  /** A program becomes `rest` (null: nothing), and what belongs to no program then is stray: nothing happens in the kernel. */
  abandon(key: FrontendKey, rest: Program<O> | null): void {
    const { change, released, commit } = this.stage(new Map([[key, rest]]))
    commit(0)
    this.stray([...change.remove, ...released])
  }

  /** Which of these programs the kernel does not hold exactly, and how many objects are in none of them. Asked right after `reset`. */
  compare(programs: ReadonlyMap<FrontendKey, Program<O>>): { differing: FrontendKey[]; strays: number } {
    const claimed = new Set<string>()
    const differing: FrontendKey[] = []
    for (const [key, { objects }] of programs) if (this.#differs(key, objects, claimed)) differing.push(key)
    for (const key of this.#programs.keys()) if (!programs.has(key)) differing.push(key)
    return { differing: differing.sort(), strays: this.#strays.size - claimed.size }
  }

  /** What has lingered long enough. */
  dueObjects(now: number): O[] {
    const due: O[] = []
    for (const { object, due: at } of this.#lingering.values()) {
      if (at > now) break
      due.push(object)
    }
    return due
  }

  /** Strays, but for those with a key in `keep`. */
  strayObjects(keep: ReadonlySet<string>): O[] {
    return [...this.#strays.values()].filter(({ key }) => !keep.has(key))
  }

  /** Strays that a packet may still look up stay for a pause from now. */
  linger(objects: readonly O[], now: number): void {
    for (const object of objects) {
      this.#strays.delete(object.key)
      this.#lingering.set(object.key, { object, due: now + this.#lingerMs })
    }
  }

  /** They could not be removed. */
  stray(objects: readonly O[]): void {
    for (const object of objects) {
      this.#lingering.delete(object.key)
      this.#strays.set(object.key, object)
    }
  }

  /** They are no longer in the kernel. */
  forget(objects: readonly O[]): void {
    for (const { key } of objects) {
      this.#strays.delete(key)
      this.#lingering.delete(key)
    }
  }

  #differs(key: FrontendKey, objects: readonly O[], claimed: Set<string>): boolean {
    const own = new Map(this.#programs.get(key)?.objects.map((object) => [object.key, object]))
    let differs = false
    for (const object of objects) {
      const present = own.get(object.key) ?? this.#unclaimed(object.key)
      if (this.#strays.has(object.key)) claimed.add(object.key)
      if (present === undefined || !this.#plane.equal(present, object)) differs = true
      own.delete(object.key)
    }
    return differs || own.size > 0
  }

  #unclaimed(key: string): O | undefined {
    return this.#lingering.get(key)?.object ?? this.#strays.get(key)
  }
}
