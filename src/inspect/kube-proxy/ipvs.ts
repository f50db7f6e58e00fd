import type { Foreign, ForeignRemoval } from '../../kernel/foreign/index.ts'
import type { NodeSight } from '../node/sight.ts'
import { type SeenVirtualService, virtualServices } from './ipvs-services.ts'
import { IPVS_DEVICE, ipsets, nodePortSets } from './names.ts'

/** What kube-proxy's mode ipvs left behind. */
export interface IpvsRemoval {
  /** nobody is connected through them */
  readonly idle: readonly SeenVirtualService[]
  /** connections go through them, and would be cut */
  readonly busy: readonly SeenVirtualService[]
  /** addresses of kube-ipvs0 that no busy service has */
  readonly addresses: readonly string[]
  /** index of kube-ipvs0; null: there is none */
  readonly device: number | null
  readonly ipsets: readonly string[]
}

type Reading = Pick<Foreign, 'links' | 'linkAddresses' | 'ipsetPorts'>

/**
 * Its virtual services are those at addresses of kube-ipvs0 and at ports of its ipsets of NodePorts; others' (keepalived's) are at
 * neither. `force`: busy ones too.
 */
export const planIpvs = async (sight: NodeSight, foreign: Reading, force: boolean): Promise<IpvsRemoval> => {
  // asked of the kernel: /sys shows the devices of the namespace that it was mounted in
  const [device = null] = (await foreign.links()).entries().find(([, name]) => name === IPVS_DEVICE) ?? []
  const addresses = device === null ? [] : await foreign.linkAddresses(device)
  const sets = ((await sight.ipsets()) ?? []).filter((name) => ipsets.has(name))
  const ports = { TCP: new Set<number>(), UDP: new Set<number>(), SCTP: new Set<number>() }
  for (const protocol of ['TCP', 'UDP', 'SCTP'] as const)
    for (const set of nodePortSets[protocol])
      if (sets.includes(set)) for (const port of await foreign.ipsetPorts(set)) ports[protocol].add(port)
  const theirs = virtualServices(sight).filter(
    ({ address, protocol, port }) => addresses.includes(address) || ports[protocol].has(port),
  )
  const busy = force ? [] : theirs.filter(({ active }) => active > 0)
  const held = new Set(busy.map(({ address }) => address))
  return {
    idle: theirs.filter((service) => !busy.includes(service)),
    busy,
    addresses: addresses.filter((address) => !held.has(address)),
    device,
    ipsets: sets,
  }
}

/** @returns ipsets that are still in use, with the errno */
export const removeIpvs = async (
  { idle, busy, addresses, device, ipsets: sets }: IpvsRemoval,
  foreign: ForeignRemoval,
): Promise<ReadonlyMap<string, string>> => {
  await foreign.deleteVirtualServices(idle)
  if (device !== null && busy.length === 0) await foreign.deleteLink(IPVS_DEVICE)
  else if (device !== null) for (const address of addresses) await foreign.deleteAddress(device, address)
  return foreign.destroyIpsets(sets)
}
