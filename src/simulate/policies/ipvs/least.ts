import type { Counts } from '../picker.ts'
import type { Destinations, IpvsScheduler } from './destinations.ts'

/** How much a destination has, as its scheduler counts. */
type Overhead = (pod: number) => number

/** ip_vs_dest_conn_overhead(): an active connection weighs as much as 256 that have ended. */
const connections =
  ({ active, inactive }: Counts): Overhead =>
  (pod) =>
    (active[pod] as number) * 256 + (inactive[pod] as number)

/** Of sed and nq: with the connection that comes. */
const expected =
  ({ active }: Counts): Overhead =>
  (pod) =>
    (active[pod] as number) + 1

/** ip_vs_lc.c: the least overhead, weights not regarded (but 0); of equals the first in the list. */
export const leastConnections = ({ list, weight }: Destinations, counts: Counts): IpvsScheduler => {
  const overhead = connections(counts)
  return stateless(() => {
    let least = -1
    let leastOverhead = 0
    for (let place = 0; place < list.length; place++) {
      const pod = list[place] as number
      if (weight[pod] === 0) continue
      const own = overhead(pod)
      if (least >= 0 && own >= leastOverhead) continue
      least = pod
      leastOverhead = own
    }
    return least
  })
}

/** ip_vs_wlc.c: the least overhead by weight; of equals the first in the list. */
export const weightedLeastConnections = (destinations: Destinations, counts: Counts): IpvsScheduler =>
  stateless(leastByWeight(destinations, connections(counts)))

/** ip_vs_sed.c: the shortest expected delay (active + 1) / weight; of equals the first in the list. */
export const shortestExpectedDelay = (destinations: Destinations, counts: Counts): IpvsScheduler =>
  stateless(leastByWeight(destinations, expected(counts)))

/** ip_vs_nq.c: the first in the list with nothing active, else as sed. */
export const neverQueue = (destinations: Destinations, counts: Counts): IpvsScheduler => {
  const { list, weight } = destinations
  const shortest = leastByWeight(destinations, expected(counts))
  return stateless(() => {
    for (let place = 0; place < list.length; place++) {
      const pod = list[place] as number
      if (weight[pod] !== 0 && counts.active[pod] === 0) return pod
    }
    return shortest()
  })
}

const leastByWeight =
  ({ list, weight }: Destinations, overhead: Overhead) =>
  (): number => {
    let least = -1
    let leastOverhead = 0
    for (let place = 0; place < list.length; place++) {
      const pod = list[place] as number
      const own = overhead(pod)
      const heavier =
        least < 0 ? weight[pod] === 0 : leastOverhead * (weight[pod] as number) <= own * (weight[least] as number)
      if (heavier) continue
      least = pod
      leastOverhead = own
    }
    return least
  }

const stateless = (schedule: () => number): IpvsScheduler => ({
  schedule,
  added() {},
  removed() {},
  updated() {},
})
