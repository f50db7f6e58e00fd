import { describe, expect, test } from 'vitest'
import type { PlaneStatus } from '../../dataplane/reconciler/status.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import type { BrakeStatus } from '../brake/status.ts'
import { eventOf } from './event.ts'
import { type FactSources, factsOf } from './facts.ts'

const wall = 1_700_000_000_000
const idle: PlaneStatus = {
  plane: 'nftables',
  frontends: 0,
  inSync: 0,
  lagging: [],
  extra: 0,
  kept: 0,
  keptSince: 0,
  strays: 0,
  lingering: 0,
  refused: [],
  lastChange: 0,
  transactions: 0,
  unreadable: '',
  foreignChanges: 0,
}
const sources = (more: Partial<FactSources>): FactSources => ({
  node: 'node-a',
  plane: 'nftables',
  inputProblems: () => [],
  planProblems: () => [],
  portProblems: () => [],
  status: () => idle,
  brake: () => null,
  serviceOf: (frontend) =>
    frontend.startsWith('10.96.') ? `shop/s${frontend.split('.')[3]?.split(':')[0]}` : undefined,
  ...more,
})
const found = (more: Partial<FactSources>): readonly string[] =>
  factsOf(sources(more), wall).map(
    ({ regarding: { kind, namespace, name }, reason, scope, note }) =>
      `${scope} ${kind} ${namespace}/${name} ${reason}: ${note}`,
  )
const problem = (object: string, field: string, message: string): InputProblem => ({
  where: '',
  object,
  field,
  message,
})
const failing = (frontend: string, age = 60_000) => ({
  frontend,
  state: 'failing' as const,
  reason: 'ENOSPC',
  since: wall - age,
  attempts: 3,
})

describe('facts', () => {
  test('none while nothing is wrong, and none before there is a plane', () => {
    expect(found({})).toEqual([])
    expect(found({ status: () => null })).toEqual([])
  })

  test.each<[string, Partial<FactSources>, readonly string[]]>([
    [
      'an object that cannot be read',
      { inputProblems: () => [problem('Service shop/web', 'spec.ports[0].port', 'must be 1 … 65535, not 0')] },
      ['cluster Service shop/web InvalidObject: spec.ports[0].port: must be 1 … 65535, not 0'],
    ],
    [
      'a slice of it',
      { inputProblems: () => [problem('EndpointSlice shop/web-x1', 'endpoints', 'must be a list')] },
      ['cluster EndpointSlice shop/web-x1 InvalidObject: endpoints: must be a list'],
    ],
    [
      'an annotation',
      {
        planProblems: () => [
          problem('Service shop/web', 'metadata.annotations[evenkeel.io/scheduler]', 'no scheduler'),
        ],
      },
      ['cluster Service shop/web InvalidAnnotation: metadata.annotations[evenkeel.io/scheduler]: no scheduler'],
    ],
    [
      'a contested frontend',
      { planProblems: () => [problem('Service shop/b', 'spec.externalIPs', 'belongs to Service shop/a')] },
      ['cluster Service shop/b FrontendContested: spec.externalIPs: belongs to Service shop/a'],
    ],
    [
      'a health check port',
      { portProblems: () => [problem('Service shop/web', 'spec.healthCheckNodePort', 'port 30000 is taken')] },
      [
        'node Service shop/web FailedToStartServiceHealthcheck: node node-a does not answer on spec.healthCheckNodePort, so the balancer sends it nothing: port 30000 is taken',
      ],
    ],
    [
      'a refusal, once for all frontends of a Service',
      {
        status: () => ({
          ...idle,
          refused: ['1:80/TCP', '1:81/TCP', '1:82/TCP', '1:83/TCP', '2:80/TCP'].map((end) => ({
            frontend: `10.96.0.${end}`,
            reasons: ['lc: needs live counts'],
          })),
        }),
      },
      [
        'cluster Service shop/s1 NotSupportedByPlane: plane nftables: lc: needs live counts (10.96.0.1:80/TCP, 10.96.0.1:81/TCP, 10.96.0.1:82/TCP and 1 more)',
        'cluster Service shop/s2 NotSupportedByPlane: plane nftables: lc: needs live counts (10.96.0.2:80/TCP)',
      ],
    ],
    [
      'a frontend that fails for a while',
      { status: () => ({ ...idle, lagging: [failing('10.96.0.1:80/TCP'), failing('10.96.0.2:80/TCP', 1_000)] }) },
      ['node Service shop/s1 FrontendNotInForce: node node-a cannot put it in force (10.96.0.1:80/TCP): ENOSPC'],
    ],
    [
      "the node's own rules",
      { status: () => ({ ...idle, lagging: [failing('')] }) },
      ['node Node /node-a FrontendNotInForce: its own rules are not in force: ENOSPC'],
    ],
    [
      'very many that fail are the fault of the node',
      {
        status: () => ({ ...idle, lagging: Array.from({ length: 30 }, (_, i) => failing(`10.96.0.${i}:80/TCP`)) }),
      },
      ['node Node /node-a FrontendNotInForce: 30 frontends of 30 Services are not in force; the first: ENOSPC'],
    ],
  ])('%s', (_, more, expected) => {
    expect(found(more)).toEqual(expected)
  })

  test('what the brake holds: of the node, and of each Service once for the cluster', () => {
    const held = ['shop/a', 'shop/a', 'shop/b', ''].map((service, index) => ({
      frontend: `10.96.1.${index}:80/TCP`,
      service,
      planned: 'empty' as const,
      since: wall,
    }))
    const brake = { engaged: true, held, maxEmptiedPercent: 50 } as unknown as BrakeStatus
    const told = found({ brake: () => brake })
    expect(told).toEqual([
      expect.stringMatching(/^node Node \/node-a EndpointsHeldByBrake: 4 frontends .* 50 % .*brake release/),
      expect.stringMatching(/^cluster Service shop\/a EndpointsHeldByBrake/),
      expect.stringMatching(/^cluster Service shop\/b EndpointsHeldByBrake/),
    ])
    expect(found({ brake: () => ({ ...brake, engaged: false }) })).toEqual([])
  })

  test.each([
    'Service ?/?',
    'Service shop/../../x',
    'Service ../web',
    'Service shop/..',
    'ServiceCIDR kubernetes',
    'Service shop/web\n',
  ])('no Event is made for %j', (object) =>
    expect(found({ inputProblems: () => [problem(object, 'kind', 'bad')] })).toEqual([]),
  )
})

describe('an Event', () => {
  const context = { uid: 'u', node: 'n'.repeat(253), wall }
  const [fact] = factsOf(
    sources({ inputProblems: () => [problem(`Service shop/${'w'.repeat(300)}`, '', 'ä'.repeat(2_000))] }),
    wall,
  )
  if (fact === undefined) throw new Error('there is a fact')

  test('fits what the API server takes, whatever the input', () => {
    const event = eventOf(fact, context)
    expect(event.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    expect(event.metadata.name.length).toBeLessThanOrEqual(253)
    expect(Buffer.byteLength(event.note)).toBeLessThanOrEqual(1_024)
    expect(event.note).toMatch(/^ä+…$/)
    expect(Buffer.byteLength(event.reportingInstance)).toBeLessThanOrEqual(128)
    expect(event.eventTime).toBe('2023-11-14T22:13:20.000000Z')
  })

  test('is named by object and fact, not by who tells it or when', () => {
    const named = (changes: Partial<typeof context>): string => eventOf(fact, { ...context, ...changes }).metadata.name
    expect(named({ node: 'b', wall: 0 })).toBe(named({}))
    expect(named({ uid: 'v' })).not.toBe(named({}))
  })
})
