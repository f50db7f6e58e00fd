import type { FrontendKey } from '../model/frontend.ts'
import { diff } from './diff.ts'
import type { Change, Observed, Plane, PlaneObject, Program } from './plane.ts'

/** The program of the node itself (`Plane.base`) stands in the ledger like a frontend's, under a key that no frontend has. */
export const BASE: FrontendKey = ''

export type Programs<O extends PlaneObject> = ReadonlyMap<FrontendKey, Program<O> | null>

/** A change that is worked out but not yet in the kernel. The ledger believes it only when told so. */
export interface Staged<O extends PlaneObject> {
  readonly change: Change<O>
  /** `now` in ms: what lingers is due a pause later */
  commit(now: number): void
}

interface SharedObject<O> {
  readonly object: O
  /** programs it stands in */
  readonly count: number
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
  #shared = new Map<string, SharedObject<O>>()
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
    this.#shared = new Map()
    this.#strays = new Map()
    this.#lingering = new Map()
    const stray = (object: O): void => {
      const pause = lingering.get(object.key)
      if (pause) this.#lingering.set(object.key, { object, due: pause.due })
      else this.#strays.set(object.key, object)
    }
    for (const object of observed.other) stray(object)
    for (const [key, objects] of observed.frontends) {
      const own: O[] = []
      for (const object of objects) {
        if (this.#plane.shared(object) || lingering.has(object.key)) stray(object)
        else own.push(object)
      }
      if (own.length > 0) this.#programs.set(key, { objects: own, refused: [] })
    }
    this.#lingering = new Map([...this.#lingering].sort(([, a], [, b]) => a.due - b.due))
    return believed
  }

  /** The one change that brings these frontends from what is in force to the given programs (null: removed). */
  stage(programs: Programs<O>): Staged<O> {
    const staging = new Staging<O>(this.#plane, this.#shared, (key) => this.#unclaimed(key))
    for (const [key, program] of programs) {
      staging.replace(this.#programs.get(key)?.objects ?? [], program?.objects ?? [])
    }
    const { change, removed, taken } = staging.finish()
    return {
      change,
      commit: (now) => {
        for (const [key, program] of programs) {
          if (program) this.#programs.set(key, program)
          else this.#programs.delete(key)
        }
        staging.count()
        for (const key of taken) {
          this.#strays.delete(key)
          this.#lingering.delete(key)
        }
        for (const object of removed) this.#lingering.set(object.key, { object, due: now + this.#lingerMs })
      },
    }
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

/** Collects the differences of several frontends into one change, counting what they share. Touches nothing until `count`. */
class Staging<O extends PlaneObject> {
  readonly #plane: Pick<Plane<O>, 'shared' | 'equal' | 'lingers'>
  readonly #shared: Map<string, SharedObject<O>>
  readonly #unclaimed: (key: string) => O | undefined
  /** by key: how many programs more (or less), and the value they now want, where one does */
  readonly #deltas = new Map<string, { wanted: O | null; count: number }>()
  readonly #wanted: O[] = []
  readonly #replaced: { before: O; after: O }[] = []
  readonly #unwanted = new Map<string, O>()

  constructor(
    plane: Pick<Plane<O>, 'shared' | 'equal' | 'lingers'>,
    shared: Map<string, SharedObject<O>>,
    unclaimed: (key: string) => O | undefined,
  ) {
    this.#plane = plane
    this.#shared = shared
    this.#unclaimed = unclaimed
  }

  replace(before: readonly O[], after: readonly O[]): void {
    const { add, replace, remove } = diff(before, after, this.#plane.equal)
    for (const object of add) {
      if (this.#plane.shared(object)) this.#delta(object, 1)
      else this.#wanted.push(object)
    }
    for (const pair of replace) {
      if (this.#plane.shared(pair.after)) this.#delta(pair.after, 0)
      else this.#replaced.push(pair)
    }
    for (const object of remove) {
      if (this.#plane.shared(object)) this.#delta(object, -1)
      else this.#unwanted.set(object.key, object)
    }
  }

  finish(): { change: Change<O>; removed: readonly O[]; taken: readonly string[] } {
    for (const [key, { wanted, count }] of this.#deltas) this.#settle(wanted, this.#shared.get(key), count)
    const add: O[] = []
    const taken: string[] = []
    for (const object of this.#wanted) {
      const moved = this.#unwanted.get(object.key)
      if (moved) this.#unwanted.delete(object.key)
      const present = moved ?? this.#unclaimed(object.key)
      if (present === undefined) {
        add.push(object)
        continue
      }
      if (!moved) taken.push(object.key)
      if (!this.#plane.equal(present, object)) this.#replaced.push({ before: present, after: object })
    }
    const remove: O[] = []
    const removed: O[] = []
    for (const object of this.#unwanted.values()) (this.#plane.lingers(object) ? removed : remove).push(object)
    return { change: { add, replace: this.#replaced, remove }, removed, taken }
  }

  /** Puts the counts in force. */
  count(): void {
    for (const [key, { wanted, count }] of this.#deltas) {
      const inForce = this.#shared.get(key)
      const total = (inForce?.count ?? 0) + count
      const object = wanted ?? inForce?.object
      if (total > 0 && object !== undefined) this.#shared.set(key, { object, count: total })
      else this.#shared.delete(key)
    }
  }

  #delta(object: O, by: 1 | 0 | -1): void {
    const wanted = by < 0 ? null : object
    const delta = this.#deltas.get(object.key)
    if (!delta) {
      this.#deltas.set(object.key, { wanted, count: by })
      return
    }
    delta.count += by
    delta.wanted = wanted ?? delta.wanted
  }

  #settle(wanted: O | null, inForce: SharedObject<O> | undefined, delta: number): void {
    const total = (inForce?.count ?? 0) + delta
    if (!inForce) {
      if (total > 0 && wanted) this.#wanted.push(wanted)
    } else if (total <= 0) {
      this.#unwanted.set(inForce.object.key, inForce.object)
    } else if (wanted && inForce.object !== wanted && !this.#plane.equal(inForce.object, wanted)) {
      this.#replaced.push({ before: inForce.object, after: wanted })
    }
  }
}
