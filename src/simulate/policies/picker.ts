import type { Backend } from '../../model/frontend.ts'
import type { Policy } from '../model.ts'

/** Picks pods for the clients of one node, or of one proxy, among the endpoints it knows. Pods are indexes. */
export interface Picker {
  /** the endpoints from now on, ascending and without doubles */
  update(pods: readonly number[]): void
  /** for a connection from this IPv4 address (uint32); −1: nobody */
  pick(address: number): number
  /** a pod marked as leaving in the counts has no connections left */
  idle(pod: number): void
}

/** Connections per pod as one node (or all together) counts them. The engine keeps them up to date. */
export interface Counts {
  readonly active: Int32Array
  /** ended in the last two minutes: ipvs keeps them in TIME_WAIT */
  readonly inactive: Int32Array
  /** 1: the picker waits to be told when the pod is idle */
  readonly leaving: Uint8Array
}

export const countsOf = (pods: number): Counts => ({
  active: new Int32Array(pods),
  inactive: new Int32Array(pods),
  leaving: new Uint8Array(pods),
})

/** Whose turn it is: shared by all pickers when policy.counts is `shared`. */
export interface Turn {
  next: number
}

export interface PickerContext {
  readonly policy: Policy
  /** by pod; grows as pods come */
  readonly backends: readonly Backend[]
  /** by pod: the backends' weights */
  readonly weights: Float64Array
  readonly counts: Counts
  readonly turn: Turn
  /** the next uint32 */
  readonly random: () => number
  /** node name and kind of client: slot tables and orders of nodes differ by it */
  readonly seed: string
  /** slow start: 0.1 … 1, of a pod at this moment */
  readonly ramp: (pod: number) => number
}

/** Uniform in 0 … limit − 1 as nftables' numgen has it: ⌊bits · limit / 2³²⌋ (reciprocal_scale); limit below 2²¹. */
export const scaleTo = (bits: number, limit: number): number => Math.floor((bits * limit) / 2 ** 32)
