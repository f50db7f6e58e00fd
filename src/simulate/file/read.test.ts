import { describe, expect, test } from 'vitest'
import { bad, good, head, least } from '../../../test/support/scenario-file.ts'

describe('a scenario file', () => {
  test('says little, the defaults the rest', () => {
    const { scenario, compared } = good(least)
    expect(scenario).toMatchObject({
      name: 'web',
      seconds: 60,
      warmUpSeconds: 0,
      sampleSeconds: 1,
      measure: 'open',
      evenLimit: 1.25,
    })
    expect(scenario.nodes.map(({ name }) => name)).toEqual(['node-0'])
    expect(scenario.pods.map(({ name, address, startsAt }) => [name, address, startsAt])).toEqual([
      ['pod-0', '10.244.0.1', -Infinity],
      ['pod-1', '10.244.0.2', -Infinity],
    ])
    expect(scenario.clients).toMatchObject([
      {
        name: 'clients',
        count: 1,
        nodes: [0],
        address: '10.100.0.1',
        traffic: { kind: 'pool', connections: 1, life: { kind: 'forever' } },
      },
    ])
    expect(scenario.policy).toMatchObject({ name: 'nft-random', scheduler: 'nft-random', loadBalancer: null })
    expect(compared).toEqual([])
  })

  test('means groups and members by their names', () => {
    const { scenario } = good(`${head}duration: 10m
nodes: [{name: a, count: 2, zone: z1}, {name: edge}]
pods:
  - {name: web, count: 3, nodes: [a, edge]}
  - {name: lone, count: 1, nodes: [a-1], address: 10.9.0.255}
  - {name: later, count: 2, startsAt: 1m, address: 10.9.0.255, probe: {period: 5s}}
clients:
  - {name: in, from: [edge], count: 2, connections: 3}
  - {name: out, from: outside, arrivals: 2.5}
events:
  - {at: 2m, fail: {pods: [web, lone-0], for: 10s}}
  - {at: 1m, stall: {nodes: [a-1], for: 1m}}
`)
    expect(scenario.nodes.map(({ name, zone }) => [name, zone])).toEqual([
      ['a-0', 'z1'],
      ['a-1', 'z1'],
      ['edge', null],
    ])
    expect(scenario.pods.map(({ name, node }) => [name, node])).toEqual([
      ['web-0', 0],
      ['web-1', 1],
      ['web-2', 2],
      ['lone-0', 1],
      ['later-0', 0],
      ['later-1', 1],
    ])
    expect(scenario.pods.slice(3).map(({ address }) => address)).toEqual(['10.9.0.255', '10.9.0.255', '10.9.1.0'])
    expect(scenario.pods[5]?.probe).toEqual({ periodSeconds: 5, successThreshold: 1, failureThreshold: 3 })
    expect(scenario.clients.map(({ nodes }) => nodes)).toEqual([[2], []])
    expect(scenario.events).toEqual([
      { kind: 'node-stall', at: 60, nodes: [1], seconds: 60 },
      { kind: 'fail', at: 120, pods: [0, 1, 2, 3], seconds: 10 },
    ])
    expect(scenario.policy.loadBalancer).toMatchObject({ mode: 'instance', scheduler: 'rr' })
  })

  test.each([
    ['5m', { kind: 'fixed', seconds: 300 }],
    ['0.5', { kind: 'fixed', seconds: 0.5 }],
    ['forever', { kind: 'forever' }],
    ['{exponential: 90s}', { kind: 'exponential', mean: 90 }],
    ['{uniform: {low: 1, high: 2s}}', { kind: 'uniform', low: 1, high: 2 }],
    ['{lognormal: {median: 1m}}', { kind: 'lognormal', median: 60, sigma: 1 }],
    [
      '{cycle: [1h, {exponential: 1s}, forever]}',
      { kind: 'cycle', of: [{ kind: 'fixed', seconds: 3600 }, { kind: 'exponential', mean: 1 }, { kind: 'forever' }] },
    ],
    [
      '{mixture: [{weight: 9, life: 1s}, {weight: 1, life: forever}]}',
      {
        kind: 'mixture',
        of: [
          { weight: 9, duration: { kind: 'fixed', seconds: 1 } },
          { weight: 1, duration: { kind: 'forever' } },
        ],
      },
    ],
  ])('life: %s', (life, duration) => {
    expect(good(`${head}duration: 1m\npods: 1\nclients: {life: ${life}}\n`).scenario.clients[0]?.traffic).toMatchObject(
      { life: duration },
    )
  })

  test.each([
    ['{}', 10, { maxSurge: 3, maxUnavailable: 2 }],
    ['{}', 3, { maxSurge: 1, maxUnavailable: 0 }],
    ['{maxSurge: 0}', 3, { maxSurge: 0, maxUnavailable: 1 }],
    ['{maxSurge: 10%, maxUnavailable: 0}', 4, { maxSurge: 1, maxUnavailable: 0 }],
    ['{maxSurge: 2, maxUnavailable: 1}', 4, { maxSurge: 2, maxUnavailable: 1 }],
  ])('a rolling update %s of %i pods goes as a Deployment would', (update, pods, bounds) => {
    const { scenario } = good(
      `${head}duration: 1m\npods: ${pods}\nclients: {}\nevents: [{at: 0, rollingUpdate: ${update}}]\n`,
    )
    expect(scenario.events[0]).toMatchObject(bounds)
  })

  test('per cent of an update are of the pods there are by then', () => {
    const { scenario } = good(`${least}events: [{at: 2, rollingUpdate: {}}, {at: 1, scale: {replicas: 20}}]\n`)
    expect(scenario.events[1]).toMatchObject({ kind: 'rolling-update', maxSurge: 5, maxUnavailable: 5 })
  })
})

describe('policies', () => {
  test('are compared as they are laid over the one of the file', () => {
    const { scenario, compared } = good(
      `${least}policy: ipvs-rr+order=shuffled+maxAge=5m\ncompare: [ipvs-lc, nft-random+maxAge=null, {name: aged, maxAge: 1m}, maxRequests=10]\n`,
    )
    expect(scenario.policy).toMatchObject({ scheduler: 'ipvs-rr', order: 'shuffled', maxAgeSeconds: 300 })
    expect(
      compared.map(({ name, scheduler, order, maxAgeSeconds, maxRequests }) => [
        name,
        scheduler,
        order,
        maxAgeSeconds,
        maxRequests,
      ]),
    ).toEqual([
      ['ipvs-lc', 'ipvs-lc', 'fixed', 300, null],
      ['nft-random+maxAge=null', 'nft-random', 'fixed', null, null],
      ['aged', 'ipvs-rr', 'shuffled', 60, null],
      ['ipvs-rr+maxRequests=10', 'ipvs-rr', 'shuffled', 300, 10],
    ])
  })

  test('of the command line go before those of the file', () => {
    const text = `${least}policy: {scheduler: ipvs-rr}\ncompare: [p2c]\n`
    expect(good(text, { compare: ['nft-rr', 'ipvs-lc'] }).compared.map(({ name }) => name)).toEqual([
      'nft-rr',
      'ipvs-lc',
    ])
    const { scenario, compared } = good(text, { policy: 'order=shuffled' })
    expect(scenario.policy).toMatchObject({ name: 'ipvs-rr+order=shuffled', scheduler: 'ipvs-rr', order: 'shuffled' })
    expect(compared).toEqual([])
  })

  test('of a load balancer change one thing at a time', () => {
    const { compared } = good(
      `${head}duration: 1m\npods: 2\nclients: {from: outside}\npolicy: {loadBalancer: {scheduler: random, instances: 3}}\ncompare: [loadBalancer.mode=ip]\n`,
    )
    expect(compared[0]?.loadBalancer).toMatchObject({ mode: 'ip', scheduler: 'random', instances: 3 })
  })
})

describe('--set', () => {
  test('changes what is there and adds what is not', () => {
    const { scenario } = good(least, {
      set: [
        'pods=7',
        'clients.life.exponential=5m',
        'clients.connections=3',
        'events=[{at: 1s, scale: {replicas: 9}}]',
        'events[0].at=2s',
        'nodes=2',
      ],
    })
    expect(scenario.pods).toHaveLength(7)
    expect(scenario.nodes).toHaveLength(2)
    expect(scenario.clients[0]?.traffic).toMatchObject({ connections: 3, life: { kind: 'exponential', mean: 300 } })
    expect(scenario.events[0]).toMatchObject({ at: 2 })
  })

  test.each([
    ['pods', '--set pods : must read PATH=VALUE, like pods.count=10 or clients[0].life=5m'],
    ['__proto__.x=1', '--set __proto__.x=1 : must read PATH=VALUE, like pods.count=10 or clients[0].life=5m'],
    ['clients[2].count=1', '--set clients[2].count=1 : clients is a map, not a list'],
    ['pods=-1', '--set pods=-1 pods: must be a whole number 1 … 10,000, not -1'],
    ['pods={count: 0}', '--set pods={count: 0} pods.count: must be a whole number 1 … 10,000, not 0'],
    ['pods={', /^--set pods=\{ : has a value that is not YAML/],
    ['pod.count=3', '--set pod.count=3 pod: is not known here: pods is'],
  ])('%s: no', (set, message) => {
    const [first] = bad(least, { set: [set] })
    if (typeof message === 'string') expect(first).toBe(message)
    else expect(first).toMatch(message)
  })
})
