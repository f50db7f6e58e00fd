import { randomBelow, seededRandom } from '../../util/random.ts'
import { type ClusterShape, sliceObject } from './objects.ts'
import type { RawObject } from '../../dataplane/conformance/case.ts'

/** swap: one endpoint gives way to another, the count stays; resize: one more or one fewer. */
export type ChangeKind = 'swap' | 'add' | 'remove'

export interface ChangeEvent {
  readonly kind: ChangeKind
  readonly slice: RawObject
}

/** The generator's own knowledge of who backs what: outside the agent's process, so outside its memory. */
export class ChangeGenerator {
  readonly #pods: number[][]
  readonly #random = seededRandom('bench')
  readonly #spared: ReadonlySet<number>
  #nextPod: number

  /** `spared`: Services that never change, fewer than all */
  constructor({ services, endpoints }: ClusterShape, spared: ReadonlySet<number> = new Set()) {
    this.#spared = spared
    this.#pods = Array.from({ length: services }, (_, service) =>
      Array.from({ length: endpoints }, (_, index) => service * endpoints + index),
    )
    this.#nextPod = services * endpoints
  }

  slice(service: number): RawObject {
    return sliceObject(service, this.#pods[service] ?? [])
  }

  /** Half swaps, a quarter adds, a quarter removes, in an order of their own; each in any Service. */
  *events(count: number): Generator<ChangeEvent> {
    for (let i = 0; i < count; i++) {
      const service = this.#unspared(randomBelow(this.#random, this.#pods.length))
      const pods = this.#pods[service] ?? []
      // a Service that has lost all can only get one
      const kind = pods.length === 0 ? 'add' : ((['swap', 'add', 'swap', 'remove'] as const)[i % 4] ?? 'swap')
      const place = pods.length === 0 ? 0 : randomBelow(this.#random, pods.length)
      if (kind === 'add') pods.push(this.#nextPod++)
      else pods.splice(place, 1, ...(kind === 'swap' ? [this.#nextPod++] : []))
      yield { kind, slice: this.slice(service) }
    }
  }

  #unspared(service: number): number {
    return this.#spared.has(service) ? this.#unspared((service + 1) % this.#pods.length) : service
  }
}
