import type { NamedCause } from '../../../src/inspect/skew/causes/codes.ts'
import type { NodeObservation, Observation } from '../../../src/inspect/skew/observation.ts'
import { type Dice, diceOf, exponential, lognormal } from './dice.ts'
import { observe } from './observe.ts'
import type { WorldPod } from './world.ts'

/** The same seed makes the same observation. */
export type Generator = (seed: string) => Observation

export const podsOf = (count: number, pod: (index: number) => WorldPod = () => ({})): readonly WorldPod[] =>
  Array.from({ length: count }, (_, i) => pod(i))

/** One pod on the first node, several on each of the others. */
export const unequalNodes = (dice: Dice, nodes: number): readonly WorldPod[] => {
  const each = dice.between(3, 5)
  return podsOf(1 + each * (nodes - 1), (i) => ({ node: i === 0 ? 0 : 1 + ((i - 1) % (nodes - 1)) }))
}

/** `old` pods, and `young` ones that came in one by one while connections were opened. */
export const rolled = (dice: Dice, old: number, young: number): readonly WorldPod[] => {
  const first = dice.between(300, 500)
  return podsOf(old + young, (i) => (i < old ? {} : { startedAt: first + (i - old) * dice.between(20, 60) }))
}

export const withZones = (observation: Observation, zoneOf: (node: number) => number): Observation => ({
  ...observation,
  ...(observation.nodes === undefined
    ? {}
    : { nodes: observation.nodes.map((node, i): NodeObservation => ({ ...node, zone: `zone-${zoneOf(i)}` })) }),
})

/** Observations whose uneven load has one cause, which is known; sizes, shapes and what is seen vary with the seed. */
export const purposeBuilt: { readonly [code in NamedCause]: Generator } = {
  weights: (seed) => {
    const dice = diceOf(seed)
    const pods = podsOf(dice.between(3, 8), (i) => ({ weight: i === 0 ? 5 : dice.between(1, 3) }))
    const world = { pods, nodes: 2, clients: 200, connections: dice.between(600, 3000), scheduler: 'random' } as const
    return observe(world, { nodes: 'rules', flows: dice.chance(0.5) }, seed)
  },

  'local-traffic-policy': (seed) => {
    const dice = diceOf(seed)
    const nodes = dice.between(3, 5)
    const pods = unequalNodes(dice, nodes)
    const facts = dice.chance(0.5)
      ? ({ internalTrafficPolicy: 'Local' } as const)
      : ({ externalTrafficPolicy: 'Local' } as const)
    return observe(
      {
        pods,
        nodes,
        clients: 50 * nodes,
        connections: dice.between(800, 3000),
        scheduler: 'random',
        rule: (node, pod) => (pods[pod]?.node === node ? 1 : 0),
      },
      { nodes: dice.oneOf(['rules', 'counts']), flows: dice.chance(0.5), facts },
      seed,
    )
  },

  'topology-hints': (seed) => {
    const dice = diceOf(seed)
    const sizes = [1, dice.between(2, 3), dice.between(4, 6)]
    const zones = sizes.flatMap((size, zone) => Array.from({ length: size }, () => zone))
    const pods = zones.map((zone, i) => ({ zone, node: (i % 2) * 3 + zone }))
    return withZones(
      observe(
        {
          pods,
          nodes: 6,
          clients: 300,
          connections: dice.between(800, 3000),
          scheduler: 'random',
          rule: (node, pod) => (zones[pod] === node % 3 ? 1 : 0),
        },
        { nodes: dice.oneOf(['rules', 'counts']), flows: dice.chance(0.5), facts: { topologyHints: true } },
        seed,
      ),
      (node) => node % 3,
    )
  },

  'stale-rules': (seed) => {
    const dice = diceOf(seed)
    const k = dice.between(4, 10)
    const behind = dice.between(1, 2)
    const missing = dice.between(1, Math.floor(k / 2))
    return observe(
      {
        pods: podsOf(k),
        nodes: 4,
        clients: 200,
        connections: dice.between(1500, 4000),
        scheduler: 'random',
        rule: (node, pod) => (node < behind && pod < missing ? 0 : 1),
      },
      { nodes: 'rules', flows: dice.chance(0.5) },
      seed,
    )
  },

  'unready-pods': (seed) => {
    const dice = diceOf(seed)
    const k = dice.between(4, 10)
    const gone = dice.between(1, 2)
    const how = dice.chance(0.5) ? { ready: false } : { terminating: true }
    const leftAt = dice.oneOf([-10, 200])
    return observe(
      {
        pods: podsOf(k, (i) => (i < gone ? { ...how, leftAt } : {})),
        clients: 200,
        connections: dice.between(800, 3000),
        scheduler: 'random',
      },
      { flows: dice.chance(0.5), ...(dice.chance(0.5) ? { nodes: 'rules' } : {}) },
      seed,
    )
  },

  bypass: (seed) => {
    const dice = diceOf(seed)
    const targets = dice.chance(0.5) ? [1] : [0, 2]
    const share = dice.between(25, 60) / 100
    const flows = dice.chance(0.5)
    return observe(
      {
        pods: podsOf(dice.between(4, 10)),
        nodes: 3,
        clients: 200,
        connections: dice.between(800, 3000),
        scheduler: 'random',
        direct: (random) => (random() < share ? targets : null),
      },
      { flows, nodes: 'rules' },
      seed,
    )
  },

  'young-pods': (seed) => {
    const dice = diceOf(seed)
    const flows = dice.chance(0.6)
    const pods = dice.chance(0.5)
      ? rolled(dice, dice.between(4, 6), dice.between(4, 6))
      : rolled(dice, 1, dice.between(5, 9))
    return observe(
      {
        pods,
        nodes: 2,
        clients: 300,
        connections: dice.between(1000, 3000),
        scheduler: dice.oneOf(['random', 'rr']),
        ...(dice.chance(0.5) ? { life: (random: () => number) => exponential(random, 900) } : {}),
      },
      { flows, counted: 'open' },
      seed,
    )
  },

  'same-start': (seed) => {
    const dice = diceOf(seed)
    const scheduler = dice.oneOf(['rr', 'lc'])
    const nodes = dice.between(30, 100)
    const each = dice.between(2, 4)
    return observe(
      {
        pods: podsOf(dice.between(6, 12)),
        nodes,
        clients: nodes * 5,
        connections: nodes * each,
        scheduler,
        start: 'same',
      },
      { nodes: dice.oneOf(['rules', 'counts']), flows: dice.chance(0.5), facts: { scheduler } },
      seed,
    )
  },

  affinity: (seed) => {
    const dice = diceOf(seed)
    const hashed = dice.chance(0.3)
    return observe(
      {
        pods: podsOf(dice.between(4, 10)),
        nodes: 3,
        clients: dice.between(4, 14),
        connections: dice.between(500, 2000),
        ...(hashed ? { scheduler: 'sh' } : { scheduler: 'random', affinity: true }),
      },
      { facts: hashed ? { scheduler: 'sh' } : dice.chance(0.7) ? { affinity: 'ClientIP' } : {} },
      seed,
    )
  },

  'shared-address': (seed) => {
    const dice = diceOf(seed)
    const gateways = dice.between(1, 2)
    const load = dice.between(200, 600)
    return observe(
      {
        pods: podsOf(dice.between(4, 10)),
        clients: 300,
        connections: dice.between(1000, 3000),
        scheduler: 'random',
        affinity: true,
        activity: (client) => (client < gateways ? load : 1),
      },
      {
        facts: { affinity: 'ClientIP', sharedAddresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] },
        address: (client) => (client < gateways ? `192.0.2.${client + 1}` : `10.1.${client >> 8}.${client & 255}`),
      },
      seed,
    )
  },

  'heavy-client': (seed) => {
    const dice = diceOf(seed)
    const bytes = dice.chance(0.5)
    const pods = podsOf(dice.between(4, 10))
    if (bytes) {
      const weight = dice.between(300, 900)
      return observe(
        {
          pods,
          clients: 300,
          connections: 1500,
          scheduler: 'random',
          load: (random, client) => Math.round(1000 * lognormal(random, 0.5) * (client === 7 ? weight : 1)),
        },
        { unit: 'bytes' },
        seed,
      )
    }
    const load = dice.between(200, 600)
    return observe(
      {
        pods,
        clients: 300,
        connections: dice.between(1000, 3000),
        scheduler: 'random',
        affinity: true,
        activity: (client) => (client === 7 ? load : 1),
      },
      { facts: { affinity: 'ClientIP' } },
      seed,
    )
  },

  'connection-reuse': (seed) => {
    const dice = diceOf(seed)
    const clients = dice.between(2, 10)
    return observe(
      {
        pods: podsOf(dice.between(4, 8)),
        clients,
        connections: clients,
        scheduler: 'random',
        load: (random) => Math.round(5000 * lognormal(random, 0.6)),
      },
      { unit: 'requests', http2: true },
      seed,
    )
  },

  'few-connections': (seed) => {
    const dice = diceOf(seed)
    const unit = dice.oneOf(['bytes', 'cpu', 'requests'])
    return observe(
      {
        pods: podsOf(dice.between(3, 6)),
        clients: 5,
        connections: dice.between(6, 20),
        scheduler: 'random',
        load: (random) => Math.round(unit === 'cpu' ? 100 : 1000 * lognormal(random, 0.8)),
      },
      { unit, flows: unit !== 'cpu', ...(unit === 'requests' ? { http2: false } : {}) },
      seed,
    )
  },

  'round-robin-lifetimes': (seed) => {
    const dice = diceOf(seed)
    const k = dice.between(3, 6)
    return observe(
      {
        pods: podsOf(k),
        clients: 100,
        connections: dice.between(1000, 3000),
        scheduler: 'rr',
        life: (random, index) => (index % k === 0 ? exponential(random, 2000) : exponential(random, 150)),
      },
      { counted: 'open', facts: { scheduler: 'rr' }, flows: dice.chance(0.5) },
      seed,
    )
  },

  'round-robin': (seed) => {
    const dice = diceOf(seed)
    const scheduler = dice.oneOf(['rr', 'lc'])
    return observe(
      { pods: podsOf(dice.between(3, 10)), clients: 100, connections: dice.between(300, 1000), scheduler },
      { facts: dice.chance(0.6) ? { scheduler } : {}, flows: dice.chance(0.5) },
      seed,
    )
  },
}
