import { addressNumber } from '../address.ts'
import { iptablesPicker } from './iptables.ts'
import { ipvsPicker } from './ipvs/destinations.ts'
import { destinationHash, maglevHash, sourceHash } from './ipvs/hashes.ts'
import { leastConnections, neverQueue, shortestExpectedDelay, weightedLeastConnections } from './ipvs/least.ts'
import { roundRobin, weightedRoundRobin } from './ipvs/turns.ts'
import { leastPicker, leastRequestPicker, twoChoicesPicker } from './least.ts'
import type { Picker, PickerContext } from './picker.ts'
import { proxyRandomPicker, proxyTurnPicker } from './proxy-turn.ts'
import { slotTablePicker } from './slot-tables.ts'

/** The Service's address, which only dh looks at. */
const SERVICE = addressNumber('10.96.0.10')

/** net.ipv4.ip_local_port_range as kernels have it. */
const PORTS = { first: 32_768, count: 28_232 }

/** One node's (or proxy's) picker by policy.scheduler. */
export const pickerOf = (context: PickerContext): Picker => {
  const { counts } = context
  switch (context.policy.scheduler) {
    case 'iptables-random':
      return iptablesPicker(context)
    case 'nft-random':
      return slotTablePicker(context, 'random')
    case 'nft-rr':
      return slotTablePicker(context, 'rr')
    case 'nft-sh':
      return slotTablePicker(context, 'sh')
    case 'maglev':
      return slotTablePicker(context, 'maglev')
    case 'ipvs-rr':
      return ipvsPicker(context, roundRobin)
    case 'ipvs-wrr':
      return ipvsPicker(context, weightedRoundRobin)
    case 'ipvs-lc':
      return ipvsPicker(context, (destinations) => leastConnections(destinations, counts))
    case 'ipvs-wlc':
      return ipvsPicker(context, (destinations) => weightedLeastConnections(destinations, counts))
    case 'ipvs-sed':
      return ipvsPicker(context, (destinations) => shortestExpectedDelay(destinations, counts))
    case 'ipvs-nq':
      return ipvsPicker(context, (destinations) => neverQueue(destinations, counts))
    case 'ipvs-sh':
      return ipvsPicker(context, sourceHash)
    case 'ipvs-dh':
      return ipvsPicker(context, (destinations) => destinationHash(destinations, SERVICE))
    case 'ipvs-mh':
      return ipvsPicker(context, (destinations) => maglevHash(destinations, placesOf(context), sourcePorts(context)))
    case 'lc':
      return leastPicker(context)
    case 'p2c':
      return twoChoicesPicker(context)
    case 'l7-rr':
      return proxyTurnPicker(context)
    case 'l7-random':
      return proxyRandomPicker(context)
    case 'l7-least-request':
      return leastRequestPicker(context)
  }
}

const placesOf =
  ({ backends }: PickerContext) =>
  (pod: number): { address: number; port: number } => {
    const { address = '', port = 0 } = backends[pod] ?? {}
    return { address: addressNumber(address), port }
  }

const sourcePorts =
  ({ random }: PickerContext): (() => number) =>
  () =>
    PORTS.first + (random() % PORTS.count)
