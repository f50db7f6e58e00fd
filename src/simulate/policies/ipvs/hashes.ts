import { greatestCommonDivisor } from '../../../scheduling/weights.ts'
import type { Destinations, IpvsScheduler } from './destinations.ts'
import { type HsiphashKey, hsiphashOf } from './hsiphash.ts'

/** hash_32() of include/linux/hash.h: the upper bits of a product with the golden ratio. */
const hash32 = (value: number, bits: number): number => Math.imul(value, 0x61c88647) >>> (32 - bits)

const BUCKET_BITS = 8
const BUCKETS = 2 ** BUCKET_BITS

/** ip_vs_sh.c: 256 buckets dealt to the list, each destination as many in a row as its weight; by source address. */
export const sourceHash = ({ list, weight }: Destinations): IpvsScheduler =>
  buckets(
    () => {
      const table = new Int32Array(BUCKETS).fill(-1)
      let place = 0
      let dealt = 0
      for (let bucket = 0; list.length > 0 && bucket < BUCKETS; bucket++) {
        const pod = list[place] as number
        table[bucket] = pod
        // one of weight 0 gets a bucket too, and connections that fall there are dropped
        if (++dealt < (weight[pod] as number)) continue
        place = (place + 1) % list.length
        dealt = 0
      }
      return table
    },
    weight,
    (address) => hash32(address, BUCKET_BITS),
  )

/** ip_vs_dh.c: 256 buckets dealt in turn; by destination address, which of one Service is always the same. */
export const destinationHash = ({ list, weight }: Destinations, serviceAddress: number): IpvsScheduler =>
  buckets(
    () => Int32Array.from({ length: BUCKETS }, (_, bucket) => list[bucket % list.length] ?? -1),
    weight,
    () => hash32(serviceAddress, BUCKET_BITS),
  )

/** CONFIG_IP_VS_MH_TAB_INDEX 12: the prime and the bits that weights are shifted to. */
const MAGLEV_SLOTS = 4093
const MAGLEV_WEIGHT_BITS = 6
const FIRST_KEY: HsiphashKey = [2654435761, 0, 2654435761, 0]
const SECOND_KEY: HsiphashKey = [2654446892, 0, 2654446892, 0]

/** Where a destination is, for mh: IPv4 as uint32, and its port. */
export interface Place {
  readonly address: number
  readonly port: number
}

/**
 * ip_vs_mh.c: Maglev's table of 4,093 slots, filled in turn, by weight. Hashed is the sum of source address and source port: kube-proxy
 * sets the flag for the port. A quiesced destination keeps its slots, and connections that fall there are dropped.
 */
export const maglevHash = (
  destinations: Destinations,
  placeOf: (pod: number) => Place,
  sourcePort: () => number,
): IpvsScheduler => {
  const first = hsiphashOf(FIRST_KEY)
  return buckets(
    () => maglevTable(destinations, placeOf),
    destinations.weight,
    (address) => first((address + sourcePort()) >>> 0) % MAGLEV_SLOTS,
  )
}

const maglevTable = ({ list, lastWeight }: Destinations, placeOf: (pod: number) => Place): Int32Array => {
  const table = new Int32Array(MAGLEV_SLOTS).fill(-1)
  const turns = turnsOf(list.map((pod) => lastWeight[pod] as number))
  if (turns.every((count) => count === 0)) return table
  const [first, second] = [hsiphashOf(FIRST_KEY), hsiphashOf(SECOND_KEY)]
  const walks = list.map((pod, i) => {
    const { address, port } = placeOf(pod)
    const key = (address + port) >>> 0
    const at = first(key) % MAGLEV_SLOTS
    return { pod, turns: turns[i] as number, at, skip: (second(key) % (MAGLEV_SLOTS - 1)) + 1 }
  })
  for (let filled = 0; ; ) {
    for (const walk of walks) {
      for (let turn = 0; turn < walk.turns; turn++) {
        while ((table[walk.at] as number) >= 0) walk.at = (walk.at + walk.skip) % MAGLEV_SLOTS
        table[walk.at] = walk.pod
        if (++filled === MAGLEV_SLOTS) return table
      }
    }
  }
}

/** Weights by their greatest common divisor, shifted until the greatest has six bits; who has a weight gets one turn at least. */
const turnsOf = (weights: readonly number[]): number[] => {
  const divisor = weights.reduce(greatestCommonDivisor, 0)
  if (divisor === 0) return weights.map(() => 0)
  const shift = Math.max(0, 32 - Math.clz32(Math.max(...weights) / divisor) - MAGLEV_WEIGHT_BITS)
  return weights.map((weight) => (weight / divisor) >> shift || (weight > 0 ? 1 : 0))
}

const buckets = (deal: () => Int32Array, weight: Int32Array, bucketOf: (address: number) => number): IpvsScheduler => {
  // dealt when it is asked: a thousand destinations come one after the other to a thousand nodes
  let table: Int32Array | null = null
  const changed = (): void => {
    table = null
  }
  return {
    schedule(address) {
      table ??= deal()
      const pod = table[bucketOf(address)] as number
      return pod >= 0 && (weight[pod] as number) > 0 ? pod : -1
    },
    added: changed,
    removed: changed,
    updated: changed,
  }
}
