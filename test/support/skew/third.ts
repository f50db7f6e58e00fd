import type { Observation } from '../../../src/inspect/skew/observation.ts'
import { hash32 } from '../../../src/util/random.ts'
import { diceOf, exponential, lognormal } from './dice.ts'
import type { Mixture } from './mixtures.ts'
import { observe } from './observe.ts'
import { podsOf, unequalNodes, withZones } from './purpose-built.ts'
import { play, type World } from './world.ts'

export interface Situation extends Mixture {
  /** what goes on, and why just these answers are right */
  readonly why: string
}

/** Part of the connections, as a sampler sees them. */
const sampled = (observation: Observation, share: number, seed: string): Observation => ({
  ...observation,
  flows: (observation.flows ?? []).filter((_, i) => hash32(`sample ${seed} ${i}`) < share * 2 ** 32),
})

const directPerPod = (world: World, seed: string): readonly number[] => {
  const counts = world.pods.map(() => 0)
  for (const { direct, pod } of play(world, seed)) if (direct) counts[pod] = (counts[pod] ?? 0) + 1
  return counts
}

/**
 * Twenty situations, one to three right answers each amid disturbances, written by somebody who had not read the classifier. On their first
 * run 91 of 100 were named right, 5 were unexplained and 4 were wrong, all of these certain: affinity was blamed for clients that a headless
 * Service's DNS had spread. That was mended then, and load whose connections are known by number only is looked into: 98, 2 and 0.
 */
export const third: readonly Situation[] = [
  {
    causes: ['young-pods'],
    why: '24 of 40 pods are old, 16 came in waves of four; connections live a quarter of the time, and only two of five are sampled.',
    make: (seed) => {
      const pods = podsOf(40, (i) => (i < 24 ? {} : { startedAt: 1200 + Math.floor((i - 24) / 4) * 400 }))
      const world: World = {
        pods,
        nodes: 20,
        clients: 400,
        connections: 6000,
        seconds: 3600,
        scheduler: 'random',
        life: (random) => exponential(random, 2500),
      }
      return sampled(observe(world, { counted: 'open' }, seed), 0.4, seed)
    },
  },
  {
    causes: ['young-pods'],
    why: 'Twelve pods of a rollout, one each minute, and reconnects that come early; nobody saw the connections, only the ages.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(12, (i) => ({ startedAt: i * 60 })),
          clients: 500,
          connections: 4000,
          scheduler: 'random',
          arrival: (u) => u * u,
        },
        { flows: false },
        seed,
      ),
  },
  {
    causes: ['local-traffic-policy', 'unready-pods'],
    why: 'A balancer gives seven nodes alike; they have 3, 2 and five times one pod, and one of the three is drained midway.',
    make: (seed) => {
      const places = [0, 0, 0, 1, 1, 2, 3, 4, 5, 6]
      const pods = places.map((node, i) => ({ node, ...(i === 2 ? { terminating: true, leftAt: 400 } : {}) }))
      return observe(
        {
          pods,
          nodes: 7,
          clients: 350,
          connections: 3500,
          scheduler: 'random',
          rule: (node, pod, at) => (places[pod] === node && !(pod === 2 && at >= 400) ? 1 : 0),
        },
        { nodes: 'counts', flows: false, facts: { externalTrafficPolicy: 'Local' } },
        seed,
      )
    },
  },
  {
    causes: ['topology-hints', 'affinity'],
    why: 'Zones of 2, 3 and 5 pods with hints, and 24 clients that affinity keeps: both are needed for these counts.',
    make: (seed) => {
      const zones = [0, 0, 1, 1, 1, 2, 2, 2, 2, 2]
      return withZones(
        observe(
          {
            pods: zones.map((zone) => ({ zone })),
            nodes: 6,
            clients: 24,
            connections: 1800,
            scheduler: 'random',
            affinity: true,
            rule: (node, pod) => (zones[pod] === node % 3 ? 1 : 0),
          },
          { nodes: 'counts', facts: { affinity: 'ClientIP', topologyHints: true } },
          seed,
        ),
        (node) => node % 3,
      )
    },
  },
  {
    causes: ['weights', 'young-pods'],
    why: 'A canary of a tenth of the weight that came late; the shares of the rules are known, not which node has them.',
    make: (seed) => {
      const pods = podsOf(5, (i) => (i === 4 ? { weight: 1, startedAt: 500 } : { weight: 10 }))
      const seen = observe({ pods, clients: 800, connections: 8000, scheduler: 'random' }, {}, seed)
      const backends = seen.backends.map((backend) => ({ ...backend, expectedOdds: backend.weight ?? 1 }))
      return { ...seen, backends }
    },
  },
  {
    causes: ['weights', 'stale-rules'],
    why: 'Two of eight nodes still have the equal weights of before a change; the others follow the new ones.',
    make: (seed) => {
      const weights = [5, 5, 2, 2, 1, 1]
      return observe(
        {
          pods: weights.map((weight) => ({ weight })),
          nodes: 8,
          clients: 240,
          connections: 3200,
          scheduler: 'random',
          rule: (node, pod) => (node < 2 ? 1 : (weights[pod] ?? 1)),
        },
        { nodes: 'rules', flows: false },
        seed,
      )
    },
  },
  {
    causes: ['bypass'],
    why: 'A headless Service, and twelve clients that resolve its name once and stay: no rule and no affinity takes part.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6),
          nodes: 4,
          clients: 12,
          connections: 600,
          scheduler: 'random',
          direct: (_, client) => [hash32(`resolved ${seed} ${client}`) % 6],
        },
        { facts: { headless: true } },
        seed,
      ),
  },
  {
    causes: ['connection-reuse', 'heavy-client'],
    why: 'Nine gRPC clients with three connections each; one asks twenty times as much as the others.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(4),
          clients: 9,
          connections: 27,
          scheduler: 'random',
          load: (random, client) => Math.round(3000 * lognormal(random, 0.4) * (client === 2 ? 20 : 1)),
        },
        { unit: 'requests', http2: true },
        seed,
      ),
  },
  {
    causes: ['young-pods', 'few-connections'],
    why: 'Eight poolers, three of them new, 64 connections: ages make them few there, and few connections make the rest uneven.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(8, (i) => (i < 5 ? {} : { startedAt: 700 })),
          clients: 16,
          connections: 64,
          scheduler: 'random',
          load: (random) => Math.round(60 * lognormal(random, 0.5)),
        },
        { unit: 'cpu', flows: false },
        seed,
      ),
  },
  {
    causes: ['stale-rules', 'young-pods'],
    why: 'Three pods of ten came midway, and four nodes of 24 never heard of them; rules are not seen, connections are.',
    make: (seed) => {
      const pods = podsOf(10, (i) => (i < 7 ? {} : { startedAt: 500 }))
      return observe(
        {
          pods,
          nodes: 24,
          clients: 480,
          connections: 5000,
          scheduler: 'random',
          rule: (node, pod, at) => ((pods[pod]?.startedAt ?? 0) <= at && !(node < 4 && pod >= 7) ? 1 : 0),
        },
        { nodes: 'counts' },
        seed,
      )
    },
  },
  {
    causes: ['same-start'],
    why: 'Round robin from the first of 20 pods on 100 nodes, of which every fifth is busier; nobody says which scheduler it is.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(20),
          nodes: 100,
          clients: 300,
          connections: 400,
          scheduler: 'rr',
          start: 'same',
          activity: (client) => (client % 5 === 0 ? 5 : 1),
        },
        { nodes: 'counts', flows: false },
        seed,
      ),
  },
  {
    causes: ['same-start', 'young-pods'],
    why: 'Least connection with equal ties on 40 nodes, and two pods of eight that came midway and take what opens next.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(8, (i) => (i < 6 ? {} : { startedAt: 600 })),
          nodes: 40,
          clients: 200,
          connections: 160,
          scheduler: 'lc',
          start: 'same',
        },
        { nodes: 'rules', facts: { scheduler: 'lc' } },
        seed,
      ),
  },
  {
    causes: ['bypass', 'young-pods'],
    why: 'Writers dial the first pod themselves, which is counted; another pod came at 400. Connections are not seen.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(5, (i) => (i === 4 ? { startedAt: 400 } : {})),
        clients: 150,
        connections: 3000,
        scheduler: 'random',
        direct: (random) => (random() < 0.45 ? [0] : null),
      }
      return observe(world, { flows: false, facts: { bypassed: directPerPod(world, seed) } }, seed)
    },
  },
  {
    causes: ['heavy-client', 'local-traffic-policy'],
    why: 'Policy Local with unequal nodes, and one client whose backups are most of the bytes.',
    make: (seed) => {
      const pods = unequalNodes(diceOf(seed), 4)
      return observe(
        {
          pods,
          nodes: 4,
          clients: 300,
          connections: 2000,
          scheduler: 'random',
          rule: (node, pod) => (pods[pod]?.node === node ? 1 : 0),
          load: (random, client) => Math.round(800 * lognormal(random, 0.8) * (client === 9 ? 600 : 1)),
        },
        { unit: 'bytes', nodes: 'rules', facts: { internalTrafficPolicy: 'Local' } },
        seed,
      )
    },
  },
  {
    causes: ['shared-address', 'weights'],
    why: 'Two gateways of offices make most of what a weighted hash of the source spreads; there are 400 other clients.',
    make: (seed) =>
      observe(
        {
          pods: [1, 1, 2, 4, 4].map((weight) => ({ weight })),
          clients: 402,
          connections: 3000,
          scheduler: 'sh',
          activity: (client) => (client < 2 ? 180 : 1),
        },
        {
          nodes: 'rules',
          facts: { scheduler: 'sh', sharedAddresses: ['198.51.100.7', '198.51.100.8'] },
          address: (client) => (client < 2 ? `198.51.100.${client + 7}` : `10.4.${client >> 8}.${client & 255}`),
        },
        seed,
      ),
  },
  {
    causes: ['round-robin-lifetimes'],
    why: 'Every eighth connection of a gateway is a websocket and meets the same pod of eight; the others are short. The scheduler is not told.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(8),
          clients: 60,
          connections: 3000,
          scheduler: 'rr',
          life: (random, index) => (index % 8 === 3 ? exponential(random, 3000) : 60 * lognormal(random, 0.8)),
        },
        { counted: 'open', flows: false },
        seed,
      ),
  },
  {
    causes: ['young-pods', 'round-robin'],
    why: 'One gateway counts out; the fifth pod came late. Its age makes it light, and turns make the others even.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(5, (i) => (i === 3 ? { startedAt: 850 } : {})),
          clients: 30,
          connections: 800,
          scheduler: 'rr',
        },
        { facts: { scheduler: 'rr' } },
        seed,
      ),
  },
  {
    causes: ['affinity', 'heavy-client', 'unready-pods'],
    why: 'Thirty clients, the first of which is the heaviest by far (Zipf), kept by affinity that nobody mentions; a pod drains at 300.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(7, (i) => (i === 5 ? { terminating: true, leftAt: 300 } : {})),
          nodes: 3,
          clients: 30,
          connections: 1500,
          scheduler: 'random',
          affinity: true,
          activity: (client) => 1 / (client + 1),
        },
        {},
        seed,
      ),
  },
  {
    causes: ['local-traffic-policy'],
    why: 'A pod on each of six nodes, policy Local, and half of the clients on one node: nothing but the policy ties pods to nodes.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (node) => ({ node })),
          nodes: 6,
          clients: 120,
          connections: 1500,
          scheduler: 'random',
          rule: (node, pod) => (pod === node ? 1 : 0),
          nodeOf: (client) => (client < 60 ? 0 : 1 + (client % 5)),
        },
        { nodes: 'rules', flows: false, facts: { internalTrafficPolicy: 'Local' } },
        seed,
      ),
  },
  {
    causes: ['bypass', 'topology-hints'],
    why: 'Hints with zones of 2, 3 and 4 pods, and a mesh that dials four of the pods itself for a third of the connections.',
    make: (seed) => {
      const zones = [0, 0, 1, 1, 1, 2, 2, 2, 2]
      return withZones(
        observe(
          {
            pods: zones.map((zone) => ({ zone })),
            nodes: 9,
            clients: 270,
            connections: 2700,
            scheduler: 'random',
            rule: (node, pod) => (zones[pod] === node % 3 ? 1 : 0),
            direct: (random) => (random() < 0.33 ? [0, 2, 5, 6] : null),
          },
          { nodes: 'rules', facts: { topologyHints: true } },
          seed,
        ),
        (node) => node % 3,
      )
    },
  },
]
