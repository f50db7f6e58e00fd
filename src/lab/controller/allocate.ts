import { familyOf, formatAddress, inCidr, parseCidr } from '../../model/address.ts'
import { serviceKey, type Family } from '../../model/objects.ts'
import type { LabService, LabServicePort } from './service.ts'
import { ranges } from '../cluster.ts'

/**
 * Addresses and ports as the API server gives them: what the author asked for first, then the next free of the dynamic
 * part of each range (KEP-3070, KEP-3668), here in order instead of at random.
 */
export interface Allocated {
  readonly services: readonly LabService[]
  /** what was not given as asked, in words, each naming the Service */
  readonly notes: readonly string[]
}

const nodePortRange = { first: 30000, last: 32767 } as const

/** Static band of the NodePorts: min(max(16, size / 32), 128) (KEP-3668). */
const firstDynamicNodePort = nodePortRange.first + 86

interface Pools {
  readonly taken: Set<string>
  /** `protocol:port` */
  readonly nodePorts: Set<string>
}

/** The addresses of a range from `offset` on; a range's network address (and, in IPv4, broadcast) is left out. */
function* addressesFrom(cidr: string, offset: number): Generator<string> {
  const range = parseCidr(cidr)
  if (range === null) return
  let bytes = Array.from(range.first, (char) => char.charCodeAt(0))
  for (let i = 0; ; i++) {
    const text = String.fromCharCode(...bytes)
    if (text > range.last) return
    if (i >= offset && !(bytes.length === 4 && text === range.last)) yield formatAddress(text)
    bytes = next(bytes)
  }
}

const next = (bytes: readonly number[]): number[] => {
  const after = [...bytes]
  for (let i = after.length - 1; i >= 0; i--) {
    after[i] = ((after[i] ?? 0) + 1) & 0xff
    if (after[i] !== 0) break
  }
  return after
}

/** ClusterIPs: static band min(max(16, size / 16), 256) (KEP-3070). */
const dynamicOffset = 256

const take = (pools: Pools, cidr: string, offset: number): string => {
  for (const address of addressesFrom(cidr, offset)) {
    if (pools.taken.has(address)) continue
    pools.taken.add(address)
    return address
  }
  throw new RangeError(`${cidr} has no free address left`)
}

/** Services in the order given; of two that ask for the same, the first gets it and the other is refused. */
export const allocate = (services: readonly LabService[], pools: Pools = newPools()): Allocated => {
  const notes: string[] = []
  const accepted = services
    .map((service) => dropForeign(service, notes))
    .filter((service) => claim(service, pools, notes))
  return { services: accepted.map((service) => complete(service, pools)), notes }
}

const newPools = (): Pools => ({ taken: new Set(), nodePorts: new Set() })

/** Addresses of another cluster mean nothing here: the Service gets others. */
const dropForeign = (service: LabService, notes: string[]): LabService => {
  const foreign = service.clusterIPs.find((address) => !inCidr(address, ranges.serviceCIDRs[familyOf(address)]))
  if (foreign === undefined) return service
  notes.push(`Service ${serviceKey(service)}: ${foreign} is not in the lab's ServiceCIDRs; it gets another clusterIP`)
  return { ...service, clusterIPs: [] }
}

const nodePortKey = ({ protocol }: LabServicePort, port: number): string => `${protocol}:${port}`

const claim = (service: LabService, pools: Pools, notes: string[]): boolean => {
  const address = service.clusterIPs.find((one) => pools.taken.has(one))
  const wanted = service.ports.filter(({ nodePort }) => nodePort !== 0)
  const port = wanted.find((one) => pools.nodePorts.has(nodePortKey(one, one.nodePort)))
  const outside = wanted.find(({ nodePort }) => nodePort < nodePortRange.first || nodePort > nodePortRange.last)
  const reason =
    (address && `clusterIP ${address} is taken`) ??
    (port && `nodePort ${port.nodePort} is taken`) ??
    (outside && `nodePort ${outside.nodePort} is not in ${nodePortRange.first}-${nodePortRange.last}`)
  if (reason !== undefined) {
    notes.push(`Service ${serviceKey(service)}: ${reason}; the Service is left out`)
    return false
  }
  for (const one of service.clusterIPs) pools.taken.add(one)
  for (const one of wanted) pools.nodePorts.add(nodePortKey(one, one.nodePort))
  return true
}

const familiesOf = ({ ipFamilies, dualStack }: LabService): readonly Family[] => {
  const first = ipFamilies[0] ?? 'IPv4'
  const second = first === 'IPv4' ? 'IPv6' : 'IPv4'
  return dualStack || ipFamilies.length > 1 ? [first, second] : [first]
}

const complete = (service: LabService, pools: Pools): LabService => {
  if (service.type === 'ExternalName') return service
  const ipFamilies = familiesOf(service)
  if (service.headless) return { ...service, ipFamilies }
  const clusterIPs = ipFamilies.map(
    (family) =>
      service.clusterIPs.find((address) => familyOf(address) === family) ??
      take(pools, ranges.serviceCIDRs[family], dynamicOffset),
  )
  const balanced = service.type === 'LoadBalancer'
  const needsNodePorts = service.type === 'NodePort' || (balanced && service.allocateNodePorts)
  const needsHealthCheck = balanced && service.externalTrafficPolicy === 'Local'
  return {
    ...service,
    ipFamilies,
    clusterIPs,
    ports: needsNodePorts ? withNodePorts(service.ports, pools) : service.ports,
    healthCheckNodePort: needsHealthCheck ? service.healthCheckNodePort || takeNodePort('TCP', pools) : 0,
    balancers: balanced ? ipFamilies.map((family) => take(pools, ranges.loadBalancers[family], 1)) : [],
  }
}

/** One port number with two protocols shares its NodePort. */
const withNodePorts = (ports: readonly LabServicePort[], pools: Pools): readonly LabServicePort[] => {
  const given = new Map(ports.filter(({ nodePort }) => nodePort !== 0).map((port) => [port.port, port.nodePort]))
  return ports.map((port) => {
    if (port.nodePort !== 0) return port
    const shared = given.get(port.port)
    const free = shared !== undefined && !pools.nodePorts.has(nodePortKey(port, shared))
    const nodePort = free ? shared : takeNodePort(port.protocol, pools)
    pools.nodePorts.add(nodePortKey(port, nodePort))
    given.set(port.port, nodePort)
    return { ...port, nodePort }
  })
}

const takeNodePort = (protocol: string, pools: Pools): number => {
  for (let port = firstDynamicNodePort; port <= nodePortRange.last; port++) {
    const key = `${protocol}:${port}`
    if (pools.nodePorts.has(key)) continue
    pools.nodePorts.add(key)
    return port
  }
  throw new RangeError('no NodePort is left')
}
