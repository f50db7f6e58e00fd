import type { Scenario } from '../model.ts'

/** sessionAffinity ClientIP: the pod each source address went to, by rules: [rules × addresses + address]. */
export interface Affinity {
  readonly seconds: number
  /** ipvs: a client's entry stays while it has connections open (its template is kept by those it controls) */
  readonly heldByConnections: boolean
  readonly addresses: number
  readonly pod: Int32Array
  readonly until: Float64Array
  readonly open: Int32Array
}

/** More would be gigabytes. */
const MOST = 50_000_000

export const affinityOf = ({ policy }: Scenario, rules: number, addresses: number): Affinity | null => {
  const seconds = policy.affinitySeconds
  if (seconds === null) return null
  const entries = rules * addresses
  if (entries > MOST)
    throw new RangeError(`affinity: ${rules} nodes × ${addresses} source addresses are more than ${MOST} entries`)
  return {
    seconds,
    heldByConnections: policy.scheduler.startsWith('ipvs-'),
    addresses,
    pod: new Int32Array(entries).fill(-1),
    until: new Float64Array(entries).fill(Number.NEGATIVE_INFINITY),
    open: new Int32Array(entries),
  }
}

/** −1: none in force. */
export const rememberedPod = (affinity: Affinity, at: number, now: number): number =>
  (affinity.until[at] as number) > now || (affinity.heldByConnections && (affinity.open[at] as number) > 0)
    ? (affinity.pod[at] as number)
    : -1

/** Each new connection begins the time anew. */
export const remember = (affinity: Affinity, at: number, pod: number, now: number): void => {
  affinity.pod[at] = pod
  affinity.until[at] = now + affinity.seconds
}
