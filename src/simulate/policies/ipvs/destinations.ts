import { shuffle } from '../../../util/random.ts'
import type { Picker, PickerContext } from '../picker.ts'

/**
 * The destinations of an IPVS service as the kernel lists them (ip_vs_ctl.c): a new one goes to the head, so the last one added comes
 * first. Pods are indexes.
 */
export interface Destinations {
  readonly list: number[]
  /** by pod; 0: quiesced, it gets nothing new */
  readonly weight: Int32Array
  /** by pod; the last weight that was not 0 */
  readonly lastWeight: Int32Array
}

/** A scheduler module of the kernel: what it is told, and its choice. */
export interface IpvsScheduler {
  /** −1: none available, the packet is dropped */
  schedule(address: number): number
  /** a destination came to the head of the list */
  added(): void
  /** the destination that was at this place went */
  removed(place: number): void
  /** a weight changed */
  updated(): void
}

/**
 * What kube-proxy does with the list: new endpoints are added in the order of the pods (or in a drawn one), one that goes is quiesced
 * while it has connections and removed when it has none (kube-proxy looks once a minute; here at once).
 */
export const ipvsPicker = (
  context: PickerContext,
  schedulerOf: (destinations: Destinations, context: PickerContext) => IpvsScheduler,
): Picker => {
  const { weights, counts, policy } = context
  const destinations: Destinations = {
    list: [],
    weight: new Int32Array(weights.length),
    lastWeight: new Int32Array(weights.length),
  }
  const scheduler = schedulerOf(destinations, context)
  const { list, weight, lastWeight } = destinations
  const listed = new Uint8Array(weights.length)

  const add = (pod: number): void => {
    const wanted = weights[pod] as number
    weight[pod] = wanted
    if (wanted > 0) lastWeight[pod] = wanted
    counts.leaving[pod] = 0
    if (listed[pod] === 1) return scheduler.updated()
    listed[pod] = 1
    list.unshift(pod)
    scheduler.added()
  }
  const remove = (pod: number): void => {
    const place = list.indexOf(pod)
    if (place < 0) return
    list.splice(place, 1)
    listed[pod] = 0
    counts.leaving[pod] = 0
    scheduler.removed(place)
  }
  const quiesce = (pod: number): void => {
    if (counts.leaving[pod] === 1) return
    const busy = (counts.active[pod] as number) + (counts.inactive[pod] as number) > 0
    if (!busy || policy.counts === 'shared') return remove(pod)
    weight[pod] = 0
    counts.leaving[pod] = 1
    scheduler.updated()
  }

  return {
    update(pods) {
      const wanted = new Set(pods)
      const added = pods.filter((pod) => listed[pod] === 0 || counts.leaving[pod] === 1)
      for (const pod of policy.order === 'shuffled' ? shuffle(added, String(context.random())) : added) add(pod)
      for (const pod of list.filter((pod) => !wanted.has(pod))) quiesce(pod)
    },
    pick: (address) => scheduler.schedule(address),
    idle: remove,
  }
}
