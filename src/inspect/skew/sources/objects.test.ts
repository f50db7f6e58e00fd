import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type ClusterNames, readNames } from '../../dumps/names.ts'
import type { Observation } from '../observation.ts'
import { enricher } from './enrich.ts'
import { observeObjects } from './from-objects.ts'
import type { Observed } from './observed.ts'
import { placeRows } from './place-rows.ts'
import type { Row } from './rows.ts'

const endpoint = (i: number, conditions: object = { ready: true }): object => ({
  addresses: [`10.1.0.${i}`],
  conditions,
  nodeName: `node-${i % 2}`,
  targetRef: { kind: 'Pod', namespace: 'shop', name: `web-${i}` },
})

const pod = (i: number, readyAt: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: `web-${i}` },
  spec: { nodeName: `node-${i % 2}` },
  status: {
    podIP: `10.1.0.${i}`,
    startTime: '2026-03-01T00:00:00Z',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: readyAt }],
  },
})

const objects = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      clusterIP: '10.96.0.1',
      sessionAffinity: 'ClientIP',
      externalTrafficPolicy: 'Local',
      type: 'NodePort',
      ports: [{ name: 'http', port: 80, nodePort: 30080 }],
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-a', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [endpoint(1), endpoint(2), endpoint(3, { ready: false, serving: true, terminating: true })],
  },
  { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'a' } } },
  pod(1, '2026-03-01T10:00:00Z'),
]

const names: ClusterNames = readNames([
  { name: 'objects.yaml', content: Buffer.from(objects.map((one) => stringify(one)).join('---\n')) },
])

const observed = (backends: Observation['backends'], more: Partial<Observation> = {}): Observed => ({
  observation: { service: 'shop/web:http', unit: 'connections', backends, facts: {}, ...more },
  frontends: [],
  endpoints: new Map(),
  notes: [],
})

const enrich = enricher(names)
const ready = { name: 'shop/web-1', count: 5, address: '10.1.0.1', expectedOdds: 1 }

describe('what objects add', () => {
  test('node, zone, age and state of pods; policies of the Service; endpoints that no rules lead to', () => {
    const { observation, notes } = enrich(observed([ready, { ...ready, name: 'shop/web-2', address: '10.1.0.2' }]))
    expect(observation.facts).toEqual({
      affinity: 'ClientIP',
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Local',
      topologyHints: false,
    })
    expect(observation.backends).toEqual([
      { ...ready, node: 'node-1', zone: 'a', ready: true, startedAt: Date.parse('2026-03-01T10:00:00Z') / 1000 },
      { ...ready, name: 'shop/web-2', address: '10.1.0.2', node: 'node-0', ready: true },
      {
        name: 'shop/web-3',
        count: 0,
        address: '10.1.0.3',
        node: 'node-1',
        zone: 'a',
        ready: false,
        terminating: true,
        expectedOdds: 0,
      },
    ])
    expect(notes).toEqual([])
  })

  test('lists that go by the order of backends grow with them', () => {
    const { observation } = enrich(
      observed([ready], { nodes: [{ node: 'n', counts: [5], odds: [1] }], facts: { bypassed: [1] } }),
    )
    expect(observation.nodes).toEqual([{ node: 'n', counts: [5, 0, 0], odds: [1, 0, 0] }])
    expect(observation.facts.bypassed).toEqual([1, 0, 0])
  })

  test('ages of connections on a clock of their own: those of pods are left out, and it is said', () => {
    const flows = [{ client: 'c', backend: 'shop/web-1', openedAt: -30 }]
    const { observation, notes } = enrich(observed([ready], { flows }))
    expect(observation.backends[0]).not.toHaveProperty('startedAt')
    expect(notes).toEqual([expect.stringContaining('--at')])
    const timed = enrich(observed([ready], { flows, facts: { at: 1 } }))
    expect(timed.observation.backends[0]).toHaveProperty('startedAt')
  })

  test('what somebody gave stays', () => {
    const given = { ...ready, node: 'mine', ready: false }
    expect(enrich(observed([given])).observation.backends[0]).toMatchObject({ node: 'mine', ready: false })
  })

  test('a Service that the objects do not have stays as it is', () => {
    const one = observed([{ name: 'a', count: 1 }], { service: 'other/api' })
    expect(enrich(one)).toEqual(one)
  })
})

describe('tables upon Services of the objects', () => {
  const load = (backend: string, connections: number, where = 'x.csv:1'): Row => ({
    kind: 'load',
    service: null,
    backend,
    values: { connections, cpu: connections },
    where,
  })
  const base = observeObjects(names, 'connections')

  test.each(['shop/web-1', 'web-1', '10.1.0.1', '10.1.0.1:8080'])('a backend may be called %s', (name) => {
    const { observed: placed, warnings } = placeRows([load(name, 7)], base, 'connections')
    expect(placed[0]?.observation).toMatchObject({
      service: 'shop/web:http',
      backends: [{ name: 'shop/web-1', count: 7 }, {}, {}],
    })
    expect(placed[0]?.notes).toEqual(['no connections are given of shop/web-2, shop/web-3: taken as 0'])
    expect(warnings).toEqual([])
  })

  test('CPU that is not given is not 0', () => {
    const [one] = placeRows([load('web-1', 7), load('web-2', 9)], base, 'cpu').observed
    expect(one?.observation.backends.map(({ name, count }) => [name, count])).toEqual([
      ['shop/web-1', 7],
      ['shop/web-2', 9],
    ])
    expect(one?.notes).toEqual(['no CPU is given of shop/web-3: left out'])
  })

  test('strangers are told', () => {
    const { observed: placed, warnings } = placeRows(
      [load('web-1', 7), load('db-1', 1, 'x.csv:9'), load('db-2', 1)],
      base,
      'connections',
    )
    expect(placed).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('x.csv:9: db-1 (and 1 more): no Service')])
  })

  test('twice is a contradiction', () => {
    expect(() => placeRows([load('web-1', 7), load('10.1.0.1', 8, 'x.csv:2')], base, 'connections')).toThrow(
      'x.csv:2: 10.1.0.1 is there twice (see x.csv:1)',
    )
  })
})
