import { formatEndpoint } from '../../../model/address.ts'
import { type EndpointSlice, type Service, type ServicePort, serviceKey } from '../../../model/objects.ts'
import type { ClusterNames } from '../../dumps/names.ts'
import type { LoadUnit, ObservedBackend } from '../observation.ts'
import { backendNamer, byName } from './names.ts'
import type { Observed } from './observed.ts'

/** Every Service port of the objects with its endpoints and no counts: what tables of counts are laid upon. Sorted by name. */
export const observeObjects = (names: ClusterNames, unit: LoadUnit): readonly Observed[] =>
  [...names.serviceObjects.values()]
    .flatMap((service) => service.ports.map((port) => portOf(service, port, names, unit)))
    .filter(({ observation }) => observation.backends.length > 0)
    .sort((a, b) => byName(a.observation.service ?? '', b.observation.service ?? ''))

const portOf = (service: Service, port: ServicePort, names: ClusterNames, unit: LoadUnit): Observed => {
  const key = serviceKey(service)
  const nameOf = backendNamer(names)
  const backends = new Map<string, ObservedBackend>()
  const endpoints = new Map<string, string>()
  for (const slice of names.slices.get(key) ?? []) {
    const target = portIn(slice, port)
    if (target === null) continue
    for (const { address, ready } of slice.endpoints) {
      const name = nameOf(formatEndpoint(address, target))
      endpoints.set(formatEndpoint(address, target), name)
      if (!backends.has(name)) backends.set(name, { name, count: 0, address, expectedOdds: ready ? 1 : 0 })
    }
  }
  const all = [...backends.values()].sort((a, b) => byName(a.name, b.name))
  const chosen = all.some(({ expectedOdds }) => expectedOdds === 1)
  const title = port.name === '' ? key : `${key}:${port.name}`
  const dialled = [...service.clusterIPs, ...service.externalIPs].map(
    (address) => `${formatEndpoint(address, port.port)}/${port.protocol}`,
  )
  return {
    observation: {
      service: title,
      unit,
      backends: chosen ? all : all.map(({ expectedOdds: _odds, ...backend }) => backend),
      facts: {},
    },
    frontends: port.nodePort === 0 ? dialled : [...dialled, `node:${port.nodePort}/${port.protocol}`],
    endpoints,
    notes: [],
  }
}

const portIn = ({ ports }: EndpointSlice, { name, protocol }: ServicePort): number | null =>
  ports.find((one) => one.name === name && one.protocol === protocol)?.port ?? null
