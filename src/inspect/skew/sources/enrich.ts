import type { Endpoint, Service, ServiceKey, Weights } from '../../../model/objects.ts'
import type { ClusterNames } from '../../dumps/names.ts'
import type { Observation, ObservedBackend, ServiceFacts } from '../observation.ts'
import type { Observed } from './observed.ts'
import { byName } from './names.ts'

/** What Kubernetes objects say of the Service and its pods, added to what was counted; what is there already stays. */
export const enricher = (names: ClusterNames): ((observed: Observed) => Observed) => {
  const book = new ObjectBook(names)
  return (observed) => enrich(observed, names, book)
}

const enrich = (observed: Observed, names: ClusterNames, book: ObjectBook): Observed => {
  const { observation, notes } = observed
  const key = book.serviceOf(observation)
  const timed = onEpoch(observation)
  const backends = observation.backends.map((backend) => book.backend(backend, key, timed))
  const absent = key === null ? [] : book.absent(key, observed)
  const untold = !timed && backends.some(({ address }) => names.pods.get(address ?? '')?.startedAt)
  const grown = withAbsent(
    { ...observation, backends },
    absent.map((one) => book.backend(one, key, timed)),
  )
  return {
    ...observed,
    observation: {
      ...observation,
      ...grown,
      facts: { ...book.facts(key), ...book.shared(observation), ...(grown.facts ?? observation.facts) },
    },
    notes: untold
      ? [...notes, 'how old pods are is left out: give --at, the moment when the connections were listed']
      : notes,
  }
}

/** Ages of connections without the moment of their listing are on a clock of their own. */
const onEpoch = ({ flows = [], facts }: Observation): boolean =>
  facts.at !== undefined || flows.every(({ openedAt = Infinity }) => openedAt > 0)

/** Endpoints that no rules lead to got nothing, and could not: odds 0. */
const withAbsent = (
  { backends, nodes, facts }: Observation,
  absent: readonly ObservedBackend[],
): Pick<Observation, 'backends'> & Partial<Observation> => {
  if (absent.length === 0) return { backends }
  const zeros = absent.map(() => 0)
  const ruled = backends.some(({ expectedOdds }) => expectedOdds !== undefined)
  const all = ruled
    ? backends
    : backends.map((backend) => ({ ...backend, expectedOdds: backend.ready === false ? 0 : 1 }))
  return {
    backends: [...all, ...absent.map((backend) => ({ ...backend, expectedOdds: 0 }))],
    ...(nodes === undefined
      ? {}
      : {
          nodes: nodes.map((node) => ({
            ...node,
            counts: [...node.counts, ...zeros],
            odds: node.odds === null ? null : [...node.odds, ...zeros],
          })),
        }),
    ...(facts.bypassed === undefined ? {} : { facts: { ...facts, bypassed: [...facts.bypassed, ...zeros] } }),
  }
}

class ObjectBook {
  readonly #names: ClusterNames
  readonly #addresses = new Map<string, string>()
  readonly #endpoints = new Map<string, Endpoint>()

  constructor(names: ClusterNames) {
    this.#names = names
    for (const slices of names.slices.values())
      for (const { endpoints } of slices)
        for (const endpoint of endpoints) this.#endpoints.set(endpoint.address, endpoint)
    for (const [address, { pod }] of names.backends) {
      if (pod === '') continue
      this.#addresses.set(pod, address)
      const [, short = ''] = pod.split('/')
      // a name that two namespaces have names nobody
      this.#addresses.set(short, this.#addresses.has(short) && this.#addresses.get(short) !== address ? '' : address)
    }
  }

  /** null: no object is of its name */
  serviceOf({ service }: Observation): ServiceKey | null {
    if (service === null) return null
    const [key = ''] = service.split(':')
    return this.#names.serviceObjects.has(key) || this.#names.slices.has(key) ? key : null
  }

  backend(backend: ObservedBackend, key: ServiceKey | null, timed: boolean): ObservedBackend {
    const address = backend.address ?? (this.#addresses.get(backend.name) || undefined)
    if (address === undefined) return backend
    const named = this.#names.backends.get(address)
    const pod = this.#names.pods.get(address)
    const endpoint = this.#endpoints.get(address)
    const startedAt = timed ? (pod?.startedAt ?? null) : null
    const ready = endpoint?.ready ?? pod?.ready ?? null
    const weights = key === null ? null : this.#weightsOf(key, address)
    const weight = weights?.[named?.pod.split('/')[1] ?? ''] ?? weights?.[address]
    const terminating = endpoint?.terminating ?? pod?.terminating ?? false
    return {
      address,
      ...(named?.node ? { node: named.node } : {}),
      ...(named?.zone ? { zone: named.zone } : {}),
      ...(startedAt === null ? {} : { startedAt }),
      ...(ready === null ? {} : { ready }),
      ...(terminating ? { terminating } : {}),
      ...(weight === undefined ? {} : { weight }),
      ...backend,
    }
  }

  /** Endpoints of the Service port that are not among those observed. */
  absent(key: ServiceKey, { observation, endpoints }: Observed): readonly ObservedBackend[] {
    const known = new Set(observation.backends.flatMap(({ name, address }) => [name, address ?? name]))
    const found = new Map<string, ObservedBackend>()
    for (const { endpoints: listed } of this.#names.slices.get(key) ?? [])
      for (const { address } of listed) {
        const name = this.#names.backends.get(address)?.pod || address
        const short = name.split('/')[1] ?? name
        if (known.has(address) || known.has(name) || known.has(short) || found.has(name)) continue
        found.set(name, { name, count: 0, address })
      }
    // of both families, a pod has an endpoint in each; where rules name one family only the other is no fault
    const families = new Set([...endpoints.keys()].map((endpoint) => endpoint.startsWith('[')))
    const wanted = [...found.values()].filter(
      ({ address = '' }) => families.size === 0 || families.has(address.includes(':')),
    )
    return wanted.sort((a, b) => byName(a.name, b.name))
  }

  /** Those of the slice win. */
  #weightsOf(key: ServiceKey, address: string): Weights | null {
    const slice = (this.#names.slices.get(key) ?? []).find(({ endpoints }) =>
      endpoints.some((one) => one.address === address),
    )
    return slice?.weights ?? this.#names.serviceObjects.get(key)?.weights ?? null
  }

  /** Clients that are nodes: they stand for whomever they masquerade. */
  shared({ flows = [] }: Observation): Pick<ServiceFacts, 'sharedAddresses'> {
    const own = new Set([...this.#names.nodes.values()].flatMap(({ addresses }) => addresses))
    const shared = new Set(flows.flatMap(({ client }) => (own.has(client) ? [client] : [])))
    return shared.size === 0 ? {} : { sharedAddresses: [...shared].sort(byName) }
  }

  facts(key: ServiceKey | null): ServiceFacts {
    if (key === null) return {}
    const service = this.#names.serviceObjects.get(key)
    const endpoints = (this.#names.slices.get(key) ?? []).flatMap((slice) => slice.endpoints)
    const hints = endpoints.some(({ hintZones }) => hintZones !== null)
    return {
      ...(service === undefined ? {} : factsOf(service)),
      ...(endpoints.length === 0 ? {} : { topologyHints: hints }),
    }
  }
}

const factsOf = (service: Service): ServiceFacts => ({
  ...(service.scheduler === '' ? {} : { scheduler: service.scheduler }),
  affinity: service.affinitySeconds === null ? 'None' : 'ClientIP',
  internalTrafficPolicy: service.internalTrafficPolicy,
  externalTrafficPolicy: service.externalTrafficPolicy,
  ...(service.headless ? { headless: true } : {}),
})
