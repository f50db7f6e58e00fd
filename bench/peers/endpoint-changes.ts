import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import type { ChangeKind } from '../../src/lab/scale/changes.ts'
import { type ClusterShape, podAddress } from '../../src/lab/scale/objects.ts'
import { peerClusterIP, peerServiceName, peerSlice } from './objects.ts'

export interface EndpointChange {
  readonly kind: ChangeKind
  readonly slice: RawObject
  readonly frontend: string
  /** the endpoint that came, or with `remove` went */
  readonly endpoint: string
  readonly service: string
}

/**
 * Changes of one endpoint each, every time of another Service, so that what a proxy does later about an earlier change is not taken
 * for the present one. Endpoints that come have addresses that no other had.
 */
export class EndpointChanges {
  readonly #shape: ClusterShape
  readonly #pods: number[][]
  #nextPod: number
  #turn = 0

  constructor(shape: ClusterShape) {
    this.#shape = shape
    this.#pods = Array.from({ length: shape.services }, (_, service) =>
      Array.from({ length: shape.endpoints }, (_, index) => service * shape.endpoints + index),
    )
    this.#nextPod = shape.services * shape.endpoints
  }

  next(kind: ChangeKind): EndpointChange {
    // a stride without common divisors: spread over the cluster, each once before one comes again
    const service = (this.#turn++ * 7_919) % this.#shape.services
    const pods = this.#pods[service] ?? []
    const gone = kind === 'add' ? undefined : pods.shift()
    const fresh = kind === 'remove' ? undefined : this.#nextPod++
    if (fresh !== undefined) pods.push(fresh)
    return {
      kind,
      slice: peerSlice(service, pods),
      frontend: peerClusterIP(service),
      endpoint: podAddress(fresh ?? gone ?? 0),
      service: peerServiceName(service),
    }
  }
}
