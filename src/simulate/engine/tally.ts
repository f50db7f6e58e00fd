import type { ClientGroup, Measure } from '../model.ts'

/** What pods got, per pod and client group: [pod × groups + group]. */
export interface Tally {
  readonly groups: number
  readonly open: Int32Array
  readonly opened: Float64Array
  /** connection-seconds up to `touched` */
  readonly seconds: Float64Array
  readonly touched: Float64Array
}

export const tallyOf = (pods: number, groups: number, now: number): Tally => ({
  groups,
  open: new Int32Array(pods * groups),
  opened: new Float64Array(pods * groups),
  seconds: new Float64Array(pods * groups),
  touched: new Float64Array(pods * groups).fill(now),
})

export const tallyOpened = ({ open, opened, seconds, touched }: Tally, at: number, now: number): void => {
  const count = open[at] as number
  seconds[at] = (seconds[at] as number) + count * (now - (touched[at] as number))
  touched[at] = now
  open[at] = count + 1
  opened[at] = (opened[at] as number) + 1
}

export const tallyClosed = ({ open, seconds, touched }: Tally, at: number, now: number): void => {
  const count = open[at] as number
  seconds[at] = (seconds[at] as number) + count * (now - (touched[at] as number))
  touched[at] = now
  open[at] = count - 1
}

/** Counts from now on; what is open stays open. */
export const startTally = ({ opened, seconds, touched }: Tally, now: number): void => {
  opened.fill(0)
  seconds.fill(0)
  touched.fill(now)
}

/** What a connection of a group does, per second and at its opening. */
export interface Load {
  readonly requestsPerSecond: number
  readonly requestsAtOpening: number
  readonly bytesPerRequest: number
}

export const loadOf = (group: ClientGroup, connections: number): Load => ({
  requestsPerSecond: group.requests.perSecond / connections,
  requestsAtOpening: group.requests.perConnection,
  bytesPerRequest: group.requests.bytes,
})

/** Writes each pod's amount of a measure into `into` from `at` on; `costs` per pod. */
export const measureInto = (
  tally: Tally,
  loads: readonly Load[],
  costs: Float64Array,
  measure: Measure,
  now: number,
  into: Float64Array,
  at: number,
): void => {
  for (let pod = 0; pod < costs.length; pod++) {
    let amount = 0
    for (let group = 0; group < tally.groups; group++) {
      amount += amountOf(tally, pod * tally.groups + group, loads[group] as Load, measure, now)
    }
    into[at + pod] = measure === 'work' ? amount * (costs[pod] as number) : amount
  }
}

const amountOf = (tally: Tally, at: number, load: Load, measure: Measure, now: number): number => {
  const open = tally.open[at] as number
  const opened = tally.opened[at] as number
  if (measure === 'open') return open
  if (measure === 'opened') return opened
  const seconds = (tally.seconds[at] as number) + open * (now - (tally.touched[at] as number))
  const requests = seconds * load.requestsPerSecond + opened * load.requestsAtOpening
  return measure === 'bytes' ? requests * load.bytesPerRequest : requests
}
