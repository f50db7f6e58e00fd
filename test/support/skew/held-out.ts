import { diceOf, exponential, lognormal } from './dice.ts'
import type { Mixture } from './mixtures.ts'
import { observe } from './observe.ts'
import { podsOf, rolled, unequalNodes, withZones } from './purpose-built.ts'

/**
 * Twenty more mixtures, three causes in some, written when the classifier was done. On their first run 89 of 100 were named right, 11 were
 * unexplained and none was wrong; three flaws that they showed were mended then.
 */
export const heldOut: readonly Mixture[] = [
  {
    causes: ['young-pods', 'unready-pods', 'weights'],
    make: (seed) => {
      const pods = rolled(diceOf(seed), 5, 3).map((pod, i) => ({
        ...pod,
        weight: i % 2 === 0 ? 2 : 1,
        ...(i === 3 ? { terminating: true, leftAt: 500 } : {}),
      }))
      return observe({ pods, clients: 150, connections: 3000, scheduler: 'random' }, {}, seed)
    },
  },
  {
    causes: ['local-traffic-policy', 'affinity'],
    make: (seed) => {
      const pods = unequalNodes(diceOf(seed), 3)
      return observe(
        {
          pods,
          nodes: 3,
          clients: 18,
          connections: 1800,
          scheduler: 'random',
          affinity: true,
          rule: (node, pod) => (pods[pod]?.node === node ? 1 : 0),
        },
        { nodes: 'counts', facts: { affinity: 'ClientIP', internalTrafficPolicy: 'Local' } },
        seed,
      )
    },
  },
  {
    causes: ['topology-hints', 'young-pods'],
    make: (seed) => {
      const zones = [0, 0, 1, 1, 1, 1, 1, 1]
      const pods = zones.map((zone, i) => ({ zone, ...(i % 3 === 1 ? { startedAt: 700 } : {}) }))
      return withZones(
        observe(
          {
            pods,
            nodes: 2,
            clients: 200,
            connections: 2600,
            scheduler: 'random',
            rule: (node, pod, at) => (zones[pod] === node && (pods[pod]?.startedAt ?? 0) <= at ? 1 : 0),
          },
          { nodes: 'rules', facts: { topologyHints: true } },
          seed,
        ),
        (node) => node,
      )
    },
  },
  {
    causes: ['bypass', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(7, (i) => (i === 6 ? { ready: false } : {})),
          clients: 200,
          connections: 2200,
          scheduler: 'random',
          direct: (random) => (random() < 0.25 ? [0, 1] : null),
        },
        {},
        seed,
      ),
  },
  {
    causes: ['bypass', 'local-traffic-policy'],
    make: (seed) => {
      const pods = unequalNodes(diceOf(seed), 4)
      return observe(
        {
          pods,
          nodes: 4,
          clients: 200,
          connections: 3000,
          scheduler: 'random',
          rule: (node, pod) => (pods[pod]?.node === node ? 1 : 0),
          direct: (random) => (random() < 0.3 ? [2, 3] : null),
        },
        { nodes: 'rules', flows: false, facts: { externalTrafficPolicy: 'Local' } },
        seed,
      )
    },
  },
  {
    causes: ['bypass', 'heavy-client'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(6),
          clients: 250,
          connections: 2400,
          scheduler: 'random',
          affinity: true,
          activity: (client) => (client === 11 ? 200 : 1),
          direct: (random) => (random() < 0.25 ? [5] : null),
        },
        { facts: { affinity: 'ClientIP' } },
        seed,
      ),
  },
  {
    causes: ['shared-address', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => (i === 2 ? { ready: false } : {})),
          clients: 200,
          connections: 2000,
          scheduler: 'random',
          affinity: true,
          activity: (client) => (client < 2 ? 150 : 1),
        },
        {
          facts: { affinity: 'ClientIP', sharedAddresses: ['198.51.100.1', '198.51.100.2'] },
          address: (client) => (client < 2 ? `198.51.100.${client + 1}` : `10.9.0.${client}`),
        },
        seed,
      ),
  },
  {
    causes: ['affinity', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(5, (i) => (i === 0 ? { terminating: true } : {})),
          clients: 9,
          connections: 900,
          scheduler: 'sh',
        },
        { facts: { scheduler: 'sh' } },
        seed,
      ),
  },
  {
    causes: ['few-connections', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(5, (i) => (i === 4 ? { ready: false } : {})),
          clients: 6,
          connections: 18,
          scheduler: 'random',
          load: (random) => Math.round(2000 * lognormal(random, 0.9)),
        },
        { unit: 'bytes' },
        seed,
      ),
  },
  {
    causes: ['few-connections', 'weights'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(4, (i) => ({ weight: i === 0 ? 5 : 1 })),
          clients: 10,
          connections: 40,
          scheduler: 'random',
          load: (random) => Math.round(2000 * lognormal(random, 0.5)),
        },
        { unit: 'bytes', nodes: 'rules' },
        seed,
      ),
  },
  {
    causes: ['heavy-client', 'weights'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(5, (i) => ({ weight: i === 0 ? 4 : 1 })),
          clients: 300,
          connections: 1500,
          scheduler: 'random',
          load: (random, client) => Math.round(500 * lognormal(random, 0.4) * (client === 1 ? 400 : 1)),
        },
        { unit: 'bytes', nodes: 'rules' },
        seed,
      ),
  },
  {
    causes: ['connection-reuse', 'young-pods'],
    make: (seed) =>
      observe(
        {
          pods: rolled(diceOf(seed), 3, 3),
          clients: 20,
          connections: 40,
          scheduler: 'random',
          load: (random) => Math.round(3000 * lognormal(random, 1)),
        },
        { unit: 'requests', http2: true },
        seed,
      ),
  },
  {
    causes: ['stale-rules', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => (i === 5 ? { ready: false } : {})),
          nodes: 4,
          clients: 200,
          connections: 2600,
          scheduler: 'random',
          rule: (node, pod) => (pod === 5 || (node === 3 && pod < 2) ? 0 : 1),
        },
        { nodes: 'rules', flows: false },
        seed,
      ),
  },
  {
    causes: ['stale-rules', 'affinity'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(5),
          nodes: 3,
          clients: 15,
          connections: 1500,
          scheduler: 'random',
          affinity: true,
          rule: (node, pod) => (node === 0 && pod < 3 ? 0 : 1),
        },
        { nodes: 'rules', facts: { affinity: 'ClientIP' } },
        seed,
      ),
  },
  {
    causes: ['young-pods', 'bypass', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: rolled(diceOf(seed), 5, 3).map((pod, i) => (i === 1 ? { ...pod, ready: false } : pod)),
          clients: 200,
          connections: 3000,
          scheduler: 'random',
          direct: (random) => (random() < 0.2 ? [0] : null),
        },
        {},
        seed,
      ),
  },
  {
    causes: ['same-start', 'stale-rules'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(8),
          nodes: 80,
          clients: 400,
          connections: 240,
          scheduler: 'rr',
          start: 'same',
          rule: (node, pod) => (node % 4 === 0 && pod === 0 ? 0 : 1),
        },
        { nodes: 'rules', flows: false, facts: { scheduler: 'rr' } },
        seed,
      ),
  },
  {
    causes: ['round-robin-lifetimes', 'young-pods'],
    make: (seed) =>
      observe(
        {
          pods: rolled(diceOf(seed), 3, 2),
          clients: 100,
          connections: 2000,
          scheduler: 'rr',
          life: (random, index) => exponential(random, index % 5 === 0 ? 2500 : 200),
        },
        { counted: 'open', facts: { scheduler: 'rr' } },
        seed,
      ),
  },
  {
    causes: ['weights', 'unready-pods'],
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => ({ weight: (i % 4) + 1, ...(i === 0 ? { ready: false } : {}) })),
          nodes: 2,
          clients: 100,
          connections: 1600,
          scheduler: 'random',
        },
        { nodes: 'rules', flows: false },
        seed,
      ),
  },
  {
    causes: ['shared-address', 'young-pods'],
    make: (seed) =>
      observe(
        {
          pods: rolled(diceOf(seed), 4, 2),
          clients: 300,
          connections: 2500,
          scheduler: 'random',
          affinity: true,
          activity: (client) => (client === 0 ? 300 : 1),
        },
        {
          facts: { affinity: 'ClientIP', sharedAddresses: ['203.0.113.9'] },
          address: (client) => (client === 0 ? '203.0.113.9' : `10.7.${client >> 8}.${client & 255}`),
        },
        seed,
      ),
  },
  {
    causes: ['local-traffic-policy', 'weights', 'unready-pods'],
    make: (seed) => {
      const pods = unequalNodes(diceOf(seed), 3).map((pod, i) => ({
        ...pod,
        weight: i % 2 === 0 ? 1 : 3,
        ...(i === 2 ? { terminating: true } : {}),
      }))
      return observe(
        {
          pods,
          nodes: 3,
          clients: 150,
          connections: 2400,
          scheduler: 'random',
          rule: (node, pod) => (pods[pod]?.node === node && pod !== 2 ? (pods[pod]?.weight ?? 1) : 0),
        },
        { nodes: 'rules', flows: false, facts: { internalTrafficPolicy: 'Local' } },
        seed,
      )
    },
  },
]
