import type { InputProblem } from '../../model/snapshot.ts'
import type { Raw } from '../fields.ts'
import { identify, type ObjectId, type ClusterObject, parseObject } from '../objects.ts'
import type { Store } from '../store.ts'
import type { Handover } from './handover.ts'
import type { Resource } from './resources.ts'

/** The records of one resource in the store: objects become records as they come, and nothing else of them is kept. */
export class Records {
  readonly #resource: Resource
  readonly #store: Store
  readonly #handover: Handover | null
  /** what is wrong with objects that are there now */
  readonly #problems = new Map<ObjectId, readonly InputProblem[]>()
  /** grows whenever `problems` changes */
  revision = 0

  /** `handover`: takes what leaves, instead of the store */
  constructor(resource: Resource, store: Store, handover: Handover | null = null) {
    this.#resource = resource
    this.#store = store
    this.#handover = handover
  }

  problems(): InputProblem[] {
    return [...this.#problems.values()].flat()
  }

  /** An object as it is now. One that is refused leaves what it said before in force. */
  put(raw: Raw): void {
    const { id, object, kept } = this.#reduce(raw)
    if (object !== null) {
      this.#handover?.stay(id)
      this.#store.put(object)
    } else if (!kept && id !== '') this.#store.remove(id)
  }

  /** An object that is gone, or has left what was asked for. */
  remove(raw: Raw): void {
    const id = identify(this.#resource.kind, raw)
    if (id !== '') this.#leave(id)
  }

  /** What a new list holds: nothing of it counts before `complete`. */
  replacement(): Replacement {
    const seen = new Set<ObjectId>()
    const changed: ClusterObject[] = []
    return {
      put: (raw) => {
        const { id, object, kept } = this.#reduce(raw)
        if (id !== '' && (object !== null || kept)) {
          seen.add(id)
          this.#handover?.stay(id)
        }
        if (object !== null && !this.#store.holds(object)) changed.push(object)
      },
      remove: (raw) => {
        const id = identify(this.#resource.kind, raw)
        seen.delete(id)
        this.#forget(id)
      },
      complete: () =>
        this.#store.batch(() => {
          for (const object of changed) this.#store.put(object)
          for (const id of this.#store.ids(this.#resource.kind)) if (!seen.has(id)) this.#leave(id)
          for (const id of this.#problems.keys()) if (!seen.has(id)) this.#forget(id)
        }),
    }
  }

  #leave(id: ObjectId): void {
    this.#forget(id)
    if (this.#handover === null) this.#store.remove(id)
    else this.#handover.leave(id)
  }

  #forget(id: ObjectId): void {
    if (this.#problems.delete(id)) this.revision++
  }

  /** `kept`: refused, so that an earlier version of it stays. */
  #reduce(raw: Raw): { readonly id: ObjectId; readonly object: ClusterObject | null; readonly kept: boolean } {
    const { id, object, problems } = parseObject(raw, () => this.#resource.name, this.#store.intern)
    const kept = object === null && problems.length > 0
    if (problems.length === 0) this.#forget(id)
    else {
      const outcome = kept ? '; the object stays as it was before, if it was there' : ''
      this.#problems.set(
        id,
        problems.map((problem) => ({ ...problem, message: problem.message + outcome })),
      )
      this.revision++
    }
    return { id, object, kept }
  }
}

export interface Replacement {
  put(raw: Raw): void
  remove(raw: Raw): void
  /** One change of the store: what is new or other is put, what is not in the list is taken away. */
  complete(): void
}
