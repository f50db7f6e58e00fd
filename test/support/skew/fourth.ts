import type { Observation } from '../../../src/inspect/skew/observation.ts'
import { exponential, lognormal } from './dice.ts'
import { observe } from './observe.ts'
import { podsOf, withZones } from './purpose-built.ts'
import type { Situation } from './third.ts'
import type { World } from './world.ts'

/** Rules that keep to the node's own place, whether it is a node or a zone. */
const own =
  (places: readonly number[], placeOf: (node: number) => number = (node) => node): NonNullable<World['rule']> =>
  (node, pod) =>
    places[pod] === placeOf(node) ? 1 : 0

/** The bytes of each connection are called CPU. */
const asCpu = (seen: Observation): Observation => ({
  ...seen,
  unit: 'cpu',
  flows: (seen.flows ?? []).map(({ bytes = 0, ...flow }) => ({ ...flow, cpu: bytes })),
})

/**
 * Twenty situations more, written by somebody who had not read the classifier. On their first run 84 of 100 were named right, 11 were
 * unexplained and 5 were wrong, none of these certain: bypass was named besides both causes where Local, rules that are behind and a node
 * that says nothing come together. Unexplained were least connection on idle nodes and a stale node among nodes whose rules are not known
 * (5 each), and one of few connections. These were mended before the fifth set came: 100 of 100.
 */
export const fourth: readonly Situation[] = [
  {
    causes: ['young-pods'],
    why: 'An autoscaler trebles three pods late, in one wave; what is counted is bytes, whose connections are seen.',
    make: (seed) => {
      const pods = podsOf(9, (i) => (i < 3 ? {} : { startedAt: 800 }))
      const load = (random: () => number): number => Math.round(900 * lognormal(random, 0.6))
      return observe({ pods, clients: 300, connections: 4000, scheduler: 'random', load }, { unit: 'bytes' }, seed)
    },
  },
  {
    causes: ['weights', 'topology-hints'],
    why: 'Zones of 2 and 5 pods that nodes keep to, and one pod of the larger zone has six times the weight of its fellows.',
    make: (seed) => {
      const zones = [0, 0, 1, 1, 1, 1, 1]
      const pods = zones.map((zone, i) => ({ zone, weight: i === 2 ? 6 : 1 }))
      const rule: World['rule'] = (node, pod) => (zones[pod] === node % 2 ? (pods[pod]?.weight ?? 1) : 0)
      const world: World = { pods, nodes: 4, clients: 200, connections: 2400, scheduler: 'random', rule }
      const seen = observe(world, { nodes: 'rules', flows: false, facts: { topologyHints: true } }, seed)
      return withZones(seen, (node) => node % 2)
    },
  },
  {
    causes: ['topology-hints', 'stale-rules'],
    why: 'Zones of 1, 3 and 3 pods; two nodes of nine have the rules of before the hints and spread over all zones.',
    make: (seed) => {
      const zones = [0, 1, 1, 1, 2, 2, 2]
      const hinted = own(zones, (node) => node % 3)
      const rule: World['rule'] = (node, pod, at) => (node === 4 || node === 8 ? 1 : hinted(node, pod, at))
      const pods = zones.map((zone) => ({ zone }))
      const world: World = { pods, nodes: 9, clients: 360, connections: 3600, scheduler: 'random', rule }
      const seen = observe(world, { nodes: 'rules', facts: { topologyHints: true } }, seed)
      return withZones(seen, (node) => node % 3)
    },
  },
  {
    causes: ['topology-hints', 'heavy-client'],
    why: 'Zones of 2 and 6 pods keep to themselves, and one client of the larger zone uploads most of the bytes.',
    make: (seed) => {
      const zones = [0, 0, 1, 1, 1, 1, 1, 1]
      const pods = zones.map((zone) => ({ zone }))
      const load: World['load'] = (random, client) =>
        Math.round(500 * lognormal(random, 0.5) * (client === 7 ? 500 : 1))
      const rule = own(zones, (node) => node % 2)
      const world: World = { pods, nodes: 2, clients: 240, connections: 2400, scheduler: 'random', rule, load }
      const seen = observe(world, { unit: 'bytes', nodes: 'counts', facts: { topologyHints: true } }, seed)
      return withZones(seen, (node) => node % 2)
    },
  },
  {
    causes: ['heavy-client', 'young-pods'],
    why: 'Two pods of six came at 650, and one client retries without end: HTTP/1 requests, most of them on its few connections.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => (i < 4 ? {} : { startedAt: 650 })),
          clients: 200,
          connections: 2000,
          scheduler: 'random',
          load: (random, client) => Math.round(20 * lognormal(random, 0.4) * (client === 5 ? 700 : 1)) + 1,
        },
        { unit: 'requests', http2: false },
        seed,
      ),
  },
  {
    causes: ['unready-pods'],
    why: 'Four pods of ten fail their probes since before; CPU follows the connections, of which only the numbers are known.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(10, (i) => ({ ready: i % 5 > 1 })),
          clients: 300,
          connections: 2500,
          scheduler: 'random',
          load: (random) => Math.round(40 * lognormal(random, 0.3)),
        },
        { unit: 'cpu', flows: false, ages: false },
        seed,
      ),
  },
  {
    causes: ['affinity'],
    why: 'Forty clients on sixteen pods by a Maglev hash, some busier than others; nodes hash alike, and only flows are seen.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(16),
          nodes: 5,
          clients: 40,
          connections: 3000,
          scheduler: 'sh',
          activity: (client) => 1 + (client % 3),
        },
        { facts: { scheduler: 'mh' } },
        seed,
      ),
  },
  {
    causes: ['shared-address', 'bypass'],
    why: 'A NAT gateway stands for most clients and affinity keeps it on one pod; a monitor dials the last two pods itself.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(7),
          clients: 350,
          connections: 2800,
          scheduler: 'random',
          affinity: true,
          activity: (client) => (client === 0 ? 400 : 1),
          direct: (random, client) => (client > 0 && random() < 0.5 ? [5, 6] : null),
        },
        {
          facts: { affinity: 'ClientIP', sharedAddresses: ['192.0.2.77'] },
          address: (client) => (client === 0 ? '192.0.2.77' : `10.8.${client >> 8}.${client & 255}`),
        },
        seed,
      ),
  },
  {
    causes: ['heavy-client'],
    why: 'A report that runs five times is nearly all of the CPU; the CPU of each connection is known, and 1500 others are light.',
    make: (seed) => {
      const load: World['load'] = (random, client) =>
        Math.round(30 * lognormal(random, 0.5) * (client === 3 ? 2500 : 1)) + 1
      const world: World = { pods: podsOf(5), clients: 300, connections: 1500, scheduler: 'random', load }
      return asCpu(observe(world, { unit: 'bytes' }, seed))
    },
  },
  {
    causes: ['connection-reuse', 'unready-pods'],
    why: 'Fourteen gRPC channels on six pods, two of which are terminating since before and get none.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => (i < 2 ? { terminating: true } : {})),
          clients: 14,
          connections: 28,
          scheduler: 'random',
          load: (random) => Math.round(5000 * lognormal(random, 0.6)),
        },
        { unit: 'requests', http2: true },
        seed,
      ),
  },
  {
    causes: ['few-connections'],
    why: 'Twenty-five replication streams to ten pods, alike in bytes; no ages are known, and flows are seen on five nodes.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(10, (i) => ({ node: i % 5 })),
          nodes: 5,
          clients: 25,
          connections: 25,
          scheduler: 'random',
          load: (random) => Math.round(1e6 * lognormal(random, 0.3)),
        },
        { unit: 'bytes', ages: false, nodes: 'rules' },
        seed,
      ),
  },
  {
    causes: ['local-traffic-policy', 'stale-rules'],
    why: 'Policy Local on five nodes; the third has five pods and rules that know the first only. The last node says nothing.',
    make: (seed) => {
      const places = [0, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 4]
      const local = own(places)
      const rule: World['rule'] = (node, pod, at) => (node === 2 && pod > 3 ? 0 : local(node, pod, at))
      const pods = places.map((node) => ({ node }))
      const world: World = { pods, nodes: 5, clients: 250, connections: 3000, scheduler: 'random', rule }
      const sight = { nodes: 'rules', facts: { externalTrafficPolicy: 'Local' } } as const
      const seen = observe(world, sight, seed)
      return { ...seen, nodes: (seen.nodes ?? []).slice(0, 4) }
    },
  },
  {
    causes: ['local-traffic-policy'],
    why: 'Nodes of 1, 1, 2, 4 and 6 pods; what is open is counted, and only the flows and pods say on which node they are.',
    make: (seed) => {
      const places = [0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4]
      const pods = places.map((node) => ({ node }))
      const life: World['life'] = (random) => exponential(random, 400)
      const rule = own(places)
      const world: World = { pods, nodes: 5, clients: 400, connections: 4000, scheduler: 'random', rule, life }
      return observe(world, { counted: 'open', facts: { internalTrafficPolicy: 'Local' } }, seed)
    },
  },
  {
    causes: ['same-start', 'bypass'],
    why: 'Round robin from the first of ten pods on 120 nodes with few connections each, and a tenth of them dialled to the last.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(10),
          nodes: 120,
          clients: 360,
          connections: 400,
          scheduler: 'rr',
          start: 'same',
          direct: (random) => (random() < 0.1 ? [9] : null),
        },
        { nodes: 'counts', facts: { scheduler: 'rr' } },
        seed,
      ),
  },
  {
    causes: ['same-start'],
    why: 'Least connection on 50 nodes that are nearly idle: connections end before the next comes, so the first pod is taken anew.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6),
          nodes: 50,
          clients: 200,
          connections: 1500,
          scheduler: 'lc',
          start: 'same',
          life: (random) => exponential(random, 15),
        },
        { nodes: 'counts', facts: { scheduler: 'lc' } },
        seed,
      ),
  },
  {
    causes: ['round-robin-lifetimes'],
    why: 'Twelve pods in turns, and two of each twelve connections are streams; most come early, and ages are not known.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(12),
          clients: 90,
          connections: 4800,
          scheduler: 'rr',
          arrival: (u) => u ** 1.5,
          life: (random, index) => (index % 12 < 2 ? exponential(random, 4000) : exponential(random, 60)),
        },
        { counted: 'open', ages: false, facts: { scheduler: 'rr', affinity: 'None' } },
        seed,
      ),
  },
  {
    causes: ['round-robin', 'unready-pods'],
    why: 'One gateway deals to 16 pods in turns, one of which is not ready and gets none; no scheduler and no flows are told.',
    make: (seed) =>
      observe(
        { pods: podsOf(16, (i) => ({ ready: i !== 11 })), clients: 50, connections: 900, scheduler: 'rr' },
        { flows: false, ages: false },
        seed,
      ),
  },
  {
    causes: ['unready-pods', 'heavy-client'],
    why: 'A pod of six is out of the rules since 200, and one backup of 300 clients makes most of the bytes.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => (i === 1 ? { ready: false, leftAt: 200 } : {})),
          clients: 300,
          connections: 2500,
          scheduler: 'random',
          load: (random, client) => Math.round(700 * lognormal(random, 0.7) * (client === 8 ? 800 : 1)),
        },
        { unit: 'bytes' },
        seed,
      ),
  },
  {
    causes: ['young-pods', 'round-robin'],
    why: 'Thirty nodes deal in turns, each from a pod of its own choice, and four pods of twelve came midway.',
    make: (seed) => {
      const pods = podsOf(12, (i) => (i < 8 ? {} : { startedAt: 550 }))
      const world: World = { pods, nodes: 30, clients: 300, connections: 1800, scheduler: 'rr' }
      return observe(world, { nodes: 'counts', facts: { scheduler: 'rr' } }, seed)
    },
  },
  {
    causes: ['stale-rules'],
    why: 'The rules of one node of eight know two pods of seven; the rules of four nodes are known, this one’s among them.',
    make: (seed) => {
      const rule: World['rule'] = (node, pod) => (node === 1 && pod > 1 ? 0 : 1)
      const world: World = { pods: podsOf(7), nodes: 8, clients: 240, connections: 2800, scheduler: 'random', rule }
      const seen = observe(world, { nodes: 'rules', flows: false }, seed)
      return { ...seen, nodes: (seen.nodes ?? []).map((node, i) => (i < 4 ? node : { ...node, odds: null })) }
    },
  },
]
