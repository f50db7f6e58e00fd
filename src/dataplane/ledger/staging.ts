import { diff } from './diff.ts'
import type { Change, Plane, PlaneObject } from '../plane.ts'
import type { SharedObjects } from './shared-objects.ts'

export interface StagedChange<O extends PlaneObject> {
  readonly change: Change<O>
  /** wanted by no program any more, but a packet in flight may still look them up */
  readonly released: readonly O[]
  /** keys of objects that were in no program and now are */
  readonly claimed: readonly string[]
}

export interface StagingOptions<O extends PlaneObject> {
  readonly plane: Pick<Plane<O>, 'shared' | 'equal' | 'lingers'>
  readonly shared: SharedObjects<O>
  /** an object of the kernel that is in no program; null: there are none at all */
  readonly unclaimed: ((key: string) => O | undefined) | null
}

/** Collects the differences of several programs into one change. */
export class Staging<O extends PlaneObject> {
  readonly #options: StagingOptions<O>
  readonly #wanted: O[] = []
  readonly #replaced: { before: O; after: O }[] = []
  readonly #unwanted = new Map<string, O>()

  constructor(options: StagingOptions<O>) {
    this.#options = options
  }

  /** `after` takes the place of `before`. */
  place(before: readonly O[], after: readonly O[]): void {
    const { plane, shared } = this.#options
    const { add, replace, remove } = diff(before, after, plane.equal)
    for (const object of add) {
      if (plane.shared(object)) shared.count(object, 1)
      else this.#wanted.push(object)
    }
    for (const pair of replace) {
      if (plane.shared(pair.after)) shared.count(pair.after, 0)
      else this.#replaced.push(pair)
    }
    for (const object of remove) {
      if (plane.shared(object)) shared.count(object, -1)
      else this.#unwanted.set(object.key, object)
    }
  }

  finish(): StagedChange<O> {
    const { plane, shared } = this.#options
    shared.settle(
      {
        wanted: (object) => this.#wanted.push(object),
        replaced: (before, after) => this.#replaced.push({ before, after }),
        unwanted: (object) => this.#unwanted.set(object.key, object),
      },
      plane.equal,
    )
    const { add, claimed } = this.#find()
    const remove: O[] = []
    const released: O[] = []
    for (const object of this.#unwanted.values()) (plane.lingers(object) ? released : remove).push(object)
    return { change: { add, replace: this.#replaced, remove }, released, claimed }
  }

  /** What is wanted may be there already: in another program that no longer wants it, or in none. */
  #find(): { add: readonly O[]; claimed: readonly string[] } {
    const { plane, unclaimed } = this.#options
    // a first sync: hundreds of thousands of objects and nothing to find
    if (unclaimed === null && this.#unwanted.size === 0) return { add: this.#wanted, claimed: [] }
    const add: O[] = []
    const claimed: string[] = []
    for (const object of this.#wanted) {
      const { key } = object
      const moved = this.#unwanted.get(key)
      const present = moved ?? unclaimed?.(key)
      if (present === undefined) {
        add.push(object)
        continue
      }
      if (moved) this.#unwanted.delete(key)
      else claimed.push(key)
      if (!plane.equal(present, object)) this.#replaced.push({ before: present, after: object })
    }
    return { add, claimed }
  }
}
