import type { Observation } from '../../../src/inspect/skew/observation.ts'
import { seededRandom } from '../../../src/util/random.ts'
import { uniform } from '../../../src/inspect/statistics/draw.ts'
import { diceOf, exponential, lognormal } from './dice.ts'
import { observe } from './observe.ts'
import { podsOf, withZones } from './purpose-built.ts'
import type { Situation } from './third.ts'
import type { World } from './world.ts'

/** Dumps came from some nodes only: of the others only what they counted is known. */
export const rulesOnSome = (seen: Observation, known: (node: number) => boolean): Observation =>
  seen.nodes === undefined
    ? seen
    : { ...seen, nodes: seen.nodes.map((node, i) => (known(i) ? node : { ...node, odds: null })) }

/** Connection tracking without timestamps. */
export const withoutTimes = (seen: Observation): Observation => ({
  ...seen,
  flows: (seen.flows ?? []).map(({ openedAt: _opened, closedAt: _closed, ...flow }) => flow),
})

/** The bytes of each connection are called CPU. */
export const asCpu = (seen: Observation): Observation => ({
  ...seen,
  unit: 'cpu',
  flows: (seen.flows ?? []).map(({ bytes = 0, ...flow }) => ({ ...flow, cpu: bytes })),
})

/** Which connections are HTTP/2 is known one by one. */
export const withHttp2 = (seen: Observation, isHttp2: (client: string) => boolean): Observation => ({
  ...seen,
  flows: (seen.flows ?? []).map((flow) => ({ ...flow, http2: isHttp2(flow.client) })),
})

/** As the generator of observations writes a client's address. */
export const addressOf = (client: number): string => `10.0.${Math.floor(client / 256)}.${client % 256}`

/**
 * Twenty situations more, by somebody who had not read the classifier. Where two causes are named, either alone is true though not the
 * whole truth, unless `why` says more. As they were first met 95 of 100 were named right, 5 were unexplained and none was wrong (the
 * version before, which the fourth set had judged, named 92 of them); pods that report a little more than the nodes sent were mended then.
 */
export const fifth: readonly Situation[] = [
  {
    causes: ['weights'],
    why: 'A canary of weight 1 beside four stable pods of weight 6; weights and totals are all there is. It is an hour younger, but counting began after it.',
    make: (seed) => {
      const dice = diceOf(seed)
      const pods = podsOf(5, (i) => (i === 4 ? { weight: 1, startedAt: -3600 } : { weight: 6 }))
      return observe(
        { pods, clients: 200, connections: dice.between(500, 900), scheduler: 'random' },
        { flows: false, counted: 'opened', facts: { scheduler: 'random', counted: 'opened' } },
        seed,
      )
    },
  },
  {
    causes: ['local-traffic-policy', 'heavy-client'],
    why: 'Nodes of 1, 2 and 4 pods behind a load balancer, policy Local; bytes, and a backup client on the second node carries two fifths of all.',
    make: (seed) => {
      const places = [0, 1, 1, 2, 2, 2, 2]
      const world: World = {
        pods: places.map((node) => ({ node })),
        nodes: 3,
        clients: 90,
        connections: 1500,
        scheduler: 'random',
        rule: (node, pod) => (places[pod] === node ? 1 : 0),
        load: (random, client) => Math.round(2000 * lognormal(random, 0.7) * (client === 7 ? 60 : 1)),
      }
      return observe(world, { unit: 'bytes', nodes: 'rules', facts: { externalTrafficPolicy: 'Local' } }, seed)
    },
  },
  {
    causes: ['young-pods', 'unready-pods'],
    why: 'One of three old pods is draining since early on and keeps what it has; three more came at half-time. Open connections, each with its time.',
    make: (seed) => {
      const pods = podsOf(6, (i) =>
        i === 1 ? { terminating: true, ready: false, leftAt: 300 } : i < 3 ? {} : { startedAt: 500 },
      )
      return observe(
        {
          pods,
          nodes: 5,
          clients: 250,
          connections: 1200,
          scheduler: 'random',
          life: (random) => exponential(random, 3000),
        },
        { counted: 'open' },
        seed,
      )
    },
  },
  {
    causes: ['same-start', 'stale-rules'],
    why: 'Eighty nodes with about three connections each deal in one order, and a quarter of them lack the first two pods, so they begin at the third.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(8),
        nodes: 80,
        clients: 160,
        connections: 240,
        scheduler: 'rr',
        start: 'same',
        rule: (node, pod) => (node % 4 === 3 && pod < 2 ? 0 : 1),
      }
      return observe(world, { nodes: 'rules', flows: false, facts: { scheduler: 'rr' } }, seed)
    },
  },
  {
    causes: ['topology-hints', 'unready-pods'],
    why: 'Zones of 2, 3 and 4 pods with equal traffic and hints, one of the three is not ready; nodes counted, nobody dumped their rules.',
    make: (seed) => {
      const zones = [0, 0, 1, 1, 1, 2, 2, 2, 2]
      const world: World = {
        pods: zones.map((zone, i) => (i === 4 ? { zone, ready: false } : { zone, ready: true })),
        nodes: 6,
        clients: 240,
        connections: 1800,
        scheduler: 'random',
        rule: (node, pod) => (zones[pod] === node % 3 && pod !== 4 ? 1 : 0),
      }
      const seen = observe(world, { nodes: 'counts', flows: false, facts: { topologyHints: true } }, seed)
      return withZones(seen, (node) => node % 3)
    },
  },
  {
    causes: ['bypass', 'connection-reuse'],
    why: 'gRPC clients resolve a headless Service and keep the first address they get: sixteen connections carry all requests, and no rule chose them.',
    make: (seed) => {
      const pods = podsOf(6)
      const all = pods.map((_, i) => i)
      return observe(
        {
          pods,
          nodes: 4,
          clients: 12,
          connections: 16,
          scheduler: 'random',
          arrival: (u) => u / 10,
          direct: () => all,
          load: (random) => 100 + Math.round(6000 * lognormal(random, 0.8)),
        },
        { unit: 'requests', http2: true, facts: { headless: true } },
        seed,
      )
    },
  },
  {
    causes: ['round-robin-lifetimes', 'unready-pods'],
    why: 'One ingress node deals to four ready pods of five in turn; half of every fourth connection are websockets that stay, of the others a fifth.',
    make: (seed) => {
      const pods = podsOf(5, (i) => ({ ready: i !== 3 }))
      return observe(
        {
          pods,
          clients: 150,
          connections: 800,
          scheduler: 'rr',
          life: (random, index) => (random() < (index % 4 === 1 ? 0.55 : 0.2) ? Infinity : 15),
        },
        { counted: 'open', flows: false, facts: { scheduler: 'rr' } },
        seed,
      )
    },
  },
  {
    causes: ['weights', 'affinity'],
    why: 'A large pod of weight 6 among four of weight 1, and sixty clients that a hash keeps: it has most clients, and the small ones differ as sixty throws do.',
    make: (seed) => {
      const pods = podsOf(5, (i) => ({ weight: i === 2 ? 6 : 1 }))
      return withoutTimes(
        observe(
          { pods, nodes: 2, clients: 60, connections: 1800, scheduler: 'sh' },
          { nodes: 'rules', ages: false, facts: { scheduler: 'sh' } },
          seed,
        ),
      )
    },
  },
  {
    causes: ['shared-address', 'topology-hints'],
    why: 'Zones of 1 and 3 pods with equally many clients, kept by address; an office behind one known gateway address opens a third of all connections.',
    make: (seed) => {
      const zones = [0, 1, 1, 1]
      const world: World = {
        pods: zones.map((zone) => ({ zone })),
        nodes: 4,
        clients: 202,
        connections: 3000,
        scheduler: 'random',
        affinity: true,
        rule: (node, pod) => (zones[pod] === node % 2 ? 1 : 0),
        activity: (client) => (client === 201 ? 105 : 1),
      }
      const facts = { affinity: 'ClientIP', topologyHints: true, sharedAddresses: [addressOf(201)] } as const
      return withZones(observe(world, { nodes: 'rules', facts }, seed), (node) => node % 2)
    },
  },
  {
    causes: ['round-robin'],
    why: 'Two gateways deal to a dozen pods in turn; only what each counted is known. Not skewed: too even.',
    make: (seed) => {
      const dice = diceOf(seed)
      return observe(
        { pods: podsOf(12), nodes: 2, clients: 400, connections: dice.between(2000, 6000), scheduler: 'rr' },
        { nodes: 'counts', flows: false, ages: false },
        seed,
      )
    },
  },
  {
    causes: ['round-robin', 'weights'],
    why: 'ipvs wrr on one node: totals are the weights to the last connection. Weights are why they differ, turns why chance has no part in it.',
    make: (seed) => {
      const dice = diceOf(seed)
      const weights = [5, 3, dice.between(1, 2), 1]
      const rounds = dice.between(40, 90)
      const [first, ...others] = weights.map((weight) => weight * rounds)
      const counts = [(first ?? 0) + 1, ...others]
      return {
        service: 'default/web',
        unit: 'connections',
        backends: counts.map((count, i) => ({
          name: `10.1.0.${i + 4}:8080`,
          address: `10.1.0.${i + 4}:8080`,
          count,
          weight: weights[i] ?? 1,
          expectedOdds: weights[i] ?? 1,
        })),
        nodes: [{ node: 'edge', counts, odds: weights, scheduler: 'wrr', since: 0 }],
        facts: { counted: 'opened' },
      }
    },
  },
  {
    causes: ['stale-rules', 'bypass'],
    why: 'Rules of four nodes of six are known, one of them lacks three pods; besides, a scraper dials one pod directly for a tenth of all connections.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(7),
        nodes: 6,
        clients: 301,
        connections: 3000,
        scheduler: 'random',
        rule: (node, pod) => (node === 5 && pod > 3 ? 0 : 1),
        activity: (client) => (client === 300 ? 34 : 1),
        direct: (_random, client) => (client === 300 ? [2] : null),
      }
      return rulesOnSome(
        observe(world, { nodes: 'rules', counted: 'opened' }, seed),
        (node) => node !== 3 && node !== 4,
      )
    },
  },
  {
    causes: ['few-connections'],
    why: 'CPU of five database poolers and how many connections each has, 14 in all: CPU follows these numbers, and 14 throws are as uneven.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(5),
          clients: 7,
          connections: 14,
          scheduler: 'random',
          load: (random) => Math.round(230 * lognormal(random, 0.12)),
        },
        { unit: 'cpu', flows: false, facts: { scheduler: 'random', affinity: 'None' } },
        seed,
      ),
  },
  {
    causes: ['young-pods'],
    why: 'Ten pods of a rollout, a minute apart, one on each node, with policy Local that does no harm there. Open connections fall with age; nothing else is known.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(10, (i) => ({ startedAt: i * 60, node: i })),
          clients: 600,
          connections: 3000,
          scheduler: 'random',
          arrival: (u) => u ** 1.5,
        },
        { counted: 'open', flows: false, facts: { externalTrafficPolicy: 'Local' } },
        seed,
      ),
  },
  {
    causes: ['bypass'],
    why: 'Two of six pods report an eighth more than all four nodes together sent them; nodes are unequally busy, their rules alike. Mild, and many.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6),
          nodes: 4,
          clients: 240,
          connections: 26_000,
          scheduler: 'random',
          activity: (client) => (client % 4 === 0 ? 3 : 1),
          direct: (random) => (random() < 0.045 ? [3, 4] : null),
        },
        { nodes: 'rules', flows: false, ages: false, counted: 'opened' },
        seed,
      ),
  },
  {
    causes: ['connection-reuse'],
    why: 'Two thousand connections of browsers with a few requests each, and eight gRPC clients whose dozen connections or two carry four fifths of the requests.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(5),
        nodes: 3,
        clients: 308,
        connections: 2000,
        scheduler: 'random',
        activity: (client) => (client < 8 ? 0.3 : 1),
        load: (random, client) => (client < 8 ? 1100 + Math.floor(random() * 900) : 1 + Math.floor(random() * 5)),
      }
      const grpc = Array.from({ length: 8 }, (_, i) => addressOf(i))
      return withHttp2(observe(world, { unit: 'requests' }, seed), (client) => grpc.includes(client))
    },
  },
  {
    causes: ['heavy-client'],
    why: 'A nightly export of one client: a few of its connections carry a quarter of all bytes. No affinity; another address is known to be a gateway, which is light.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(6),
        nodes: 3,
        clients: 1200,
        connections: 5000,
        scheduler: 'random',
        activity: (client) => (client === 77 ? 2.5 : client === 5 ? 20 : 1),
        load: (random, client) =>
          Math.round(5000 * (client === 77 ? 250 * lognormal(random, 0.6) : lognormal(random, 0.9))),
      }
      const facts = { affinity: 'None', sharedAddresses: [addressOf(5)] } as const
      return withHttp2(observe(world, { unit: 'bytes', facts }, seed), () => false)
    },
  },
  {
    causes: ['affinity'],
    why: 'Nine clients with sixty connections each, every one always on the same of four pods; no fact says that anything keeps them, nor when they opened.',
    make: (seed) =>
      withoutTimes(
        observe(
          { pods: podsOf(4), nodes: 3, clients: 9, connections: 540, scheduler: 'random', affinity: true },
          { ages: false, facts: { internalTrafficPolicy: 'Cluster' } },
          seed,
        ),
      ),
  },
  {
    causes: ['affinity', 'unready-pods'],
    why: 'Six pods, one failing its probe, and forty clients kept by address: one has nothing, the others as many clients as luck gave them.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => ({ ready: i !== 2 })),
          nodes: 4,
          clients: 40,
          connections: 1200,
          scheduler: 'random',
          affinity: true,
        },
        { facts: { affinity: 'ClientIP' } },
        seed,
      ),
  },
  {
    causes: ['young-pods', 'heavy-client'],
    why: 'Four pods became eight late, and a replica that pulls the whole database over a handful of connections carries a third of the bytes.',
    make: (seed) => {
      const random = seededRandom(`replica ${seed}`)
      const late = 600 + Math.floor(uniform(random) * 150)
      const world: World = {
        pods: podsOf(8, (i) => (i < 4 ? {} : { startedAt: late })),
        nodes: 6,
        clients: 500,
        connections: 3500,
        scheduler: 'random',
        activity: (client) => (client === 11 ? 1.5 : 1),
        load: (random, client) => Math.round(800 * lognormal(random, 0.4) * (client === 11 ? 200 : 1)),
      }
      return observe(world, { unit: 'bytes' }, seed)
    },
  },
]
