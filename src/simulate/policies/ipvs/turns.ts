import { greatestCommonDivisor } from '../../../scheduling/weights.ts'
import type { Destinations, IpvsScheduler } from './destinations.ts'

/** ip_vs_rr.c: the next destination after the last one used that has a weight; begins before the head of the list. */
export const roundRobin = ({ list, weight }: Destinations): IpvsScheduler => {
  let last = -1
  return {
    schedule() {
      const { length } = list
      for (let step = 1; step <= length; step++) {
        const place = (last + step) % length
        if ((weight[list[place] as number] as number) > 0) return list[(last = place)] as number
      }
      return -1
    },
    added() {
      if (last >= 0) last++
    },
    removed(place) {
      if (place <= last) last--
    },
    updated() {},
  }
}

/**
 * ip_vs_wrr.c: rounds through the list, each for destinations of at least the current weight, which sinks from the greatest weight by
 * the greatest common divisor; any change begins again at the head.
 */
export const weightedRoundRobin = ({ list, weight }: Destinations): IpvsScheduler => {
  let [last, current, most, divisor] = [-1, 0, 0, 0]
  const step = (): number => divisor || 1
  const greatest = (): number => most - (step() - 1)
  const measure = (pod: number): void => {
    divisor = greatestCommonDivisor(divisor, weight[pod] as number)
    most = Math.max(most, weight[pod] as number)
  }
  const begin = (): void => {
    last = -1
    if (current > greatest() || current === 0) current = greatest()
    else if (step() > 1) current = Math.floor(current / step()) * step() + 1
  }
  const changed = (): void => {
    ;[most, divisor] = [0, 0]
    list.forEach(measure)
    begin()
  }
  return {
    schedule() {
      if (greatest() <= 0) return -1
      // somebody has the greatest weight, so this ends within a round of every weight
      for (;;) {
        for (let place = last + 1; place < list.length; place++) {
          if ((weight[list[place] as number] as number) >= current) return list[(last = place)] as number
        }
        last = -1
        current -= step()
        if (current <= 0) current = greatest()
      }
    },
    added() {
      measure(list[0] as number)
      begin()
    },
    removed: changed,
    updated: changed,
  }
}
