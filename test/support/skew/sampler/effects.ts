import type { NamedCause } from '../../../../src/inspect/skew/causes/codes.ts'
import { hash32 } from '../../../../src/util/random.ts'
import { type Dice, exponential, lognormal } from '../dice.ts'
import type { Draft, Strength } from './draft.ts'

/** Brings a cause about. */
export type Effect = (draft: Draft, strength: Strength, dice: Dice) => void

const pick = <T>(strength: Strength, of: readonly [T, T, T]): T => of[strength]

const some = (dice: Dice, k: number, count: number): ReadonlySet<number> => {
  const chosen = new Set<number>()
  while (chosen.size < Math.min(k, count)) chosen.add(dice.between(0, k - 1))
  return chosen
}

const bytesOf =
  (median: number, sigma: number) =>
  (random: () => number): number =>
    Math.round(median * lognormal(random, sigma)) + 1

const inTurn = (draft: Draft, dice: Dice): void => {
  draft.scheduler = dice.oneOf(['rr', 'lc'])
  if (draft.scheduler === 'lc') draft.connections = Math.min(draft.connections, 800)
  draft.facts = { ...draft.facts, scheduler: draft.scheduler }
}

/** Unequal numbers of pods per place: the first place has fewer, by strength. */
const crowd = (draft: Draft, places: number, strength: Strength): readonly number[] => {
  const ratio = pick(strength, [1.6, 2.5, 5])
  const sizes = Array.from({ length: places }, (_, p) => (p === 0 ? 1 : ratio))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return draft.pods.map((_, i) => {
    let at = ((i + 0.5) / draft.pods.length) * total
    for (const [p, size] of sizes.entries()) if ((at -= size) < 0) return p
    return places - 1
  })
}

export const effects: { readonly [code in NamedCause]: Effect } = {
  weights: (draft, strength, dice) => {
    const heavy = pick(strength, [1.5, 3, 8])
    const one = dice.chance(0.5)
    draft.pods = draft.pods.map((pod, i) => ({ ...pod, weight: (one ? i === 0 : i % 2 === 0) ? heavy * 2 : 2 }))
    const weights = draft.pods.map(({ weight = 1 }) => weight)
    draft.rules.push((_, pod) => weights[pod] ?? 1)
  },

  'local-traffic-policy': (draft, strength, dice) => {
    draft.nodes = Math.max(2, Math.min(draft.nodes, Math.ceil(draft.pods.length / 2)))
    draft.clients = draft.nodes * 40
    const places = crowd(draft, draft.nodes, strength)
    draft.pods = draft.pods.map((pod, i) => ({ ...pod, node: places[i] ?? 0 }))
    draft.rules.push((node, pod) => (places[pod] === node ? 1 : 0))
    draft.facts = {
      ...draft.facts,
      ...(dice.chance(0.5) ? { internalTrafficPolicy: 'Local' } : { externalTrafficPolicy: 'Local' }),
    }
  },

  'topology-hints': (draft, strength) => {
    draft.zones = Math.max(2, Math.min(draft.zones, Math.floor(draft.pods.length / 2)))
    draft.nodes = Math.max(draft.nodes, draft.zones)
    draft.clients = draft.nodes * 40
    const places = crowd(draft, draft.zones, strength)
    const { zones, nodes } = draft
    const of = (zone: number, i: number): number =>
      zone + zones * (i % Math.max(1, Math.floor((nodes - zone - 1) / zones) + 1))
    draft.pods = draft.pods.map((pod, i) => ({ ...pod, zone: places[i] ?? 0, node: of(places[i] ?? 0, i) }))
    draft.rules.push((node, pod) => (places[pod] === node % zones ? 1 : 0))
    draft.facts = { ...draft.facts, topologyHints: true }
  },

  'stale-rules': (draft, strength, dice) => {
    draft.nodes = Math.max(3, draft.nodes)
    draft.clients = draft.nodes * 30
    const behind = some(dice, draft.nodes, pick(strength, [1, 1, Math.ceil(draft.nodes / 3)]))
    const k = draft.pods.length
    const missing = some(dice, k, pick(strength, [1, Math.ceil(k / 3), Math.ceil(k / 2)]))
    draft.rules.push((node, pod) => (behind.has(node) && missing.has(pod) ? 0 : 1))
  },

  'unready-pods': (draft, strength, dice) => {
    const k = draft.pods.length
    const gone = some(dice, k, pick(strength, [1, 1, Math.max(1, Math.floor(k / 3))]))
    const leftAt = pick(strength, [dice.between(300, 600), dice.between(0, 300), -10])
    const how = dice.chance(0.5) ? { ready: false } : { terminating: true }
    const all = dice.chance(0.5)
    draft.pods = draft.pods.map((pod, i) =>
      gone.has(i) ? { ...pod, ...how, leftAt } : all ? { ...pod, ready: true } : pod,
    )
  },

  bypass: (draft, strength, dice) => {
    const targets = [...some(dice, draft.pods.length, dice.between(1, 2))]
    const share = pick(strength, [0.1, 0.25, 0.5])
    const few = dice.chance(0.4)
    draft.direct = few
      ? (_, client) => (hash32(`direct ${client}`) < share * 2 ** 32 ? targets : null)
      : (random) => (random() < share ? targets : null)
  },

  'young-pods': (draft, strength, dice) => {
    const k = draft.pods.length
    const old = Math.max(1, Math.floor(k * dice.oneOf([0.3, 0.5, 0.8])))
    const first = pick(strength, [150, 400, 750])
    const step = dice.oneOf([0, 20, 60])
    draft.pods = draft.pods.map((pod, i) =>
      i < old ? pod : { ...pod, startedAt: Math.min(950, first + (i - old) * step) },
    )
  },

  'same-start': (draft, strength, dice) => {
    inTurn(draft, dice)
    draft.start = 'same'
    const k = Math.max(4, draft.pods.length)
    draft.pods = Array.from({ length: k }, (_, i) => draft.pods[i] ?? {})
    draft.nodes = dice.oneOf([20, 50, 100])
    draft.clients = draft.nodes * 4
    draft.connections = Math.round(draft.nodes * k * pick(strength, [1.4, 0.6, 0.3]))
    draft.meanLife = draft.scheduler === 'lc' && dice.chance(0.3) ? 20 : Infinity
  },

  affinity: (draft, strength, dice) => {
    draft.clients = Math.max(2, Math.round(draft.pods.length * pick(strength, [3, 1.5, 0.8])))
    draft.connections = Math.max(draft.connections, draft.clients * 20)
    if (dice.chance(0.3)) {
      draft.scheduler = 'sh'
      draft.facts = { ...draft.facts, scheduler: dice.oneOf(['sh', 'mh']) }
    } else {
      draft.affinity = true
      draft.facts = { ...draft.facts, affinity: 'ClientIP' }
    }
  },

  'shared-address': (draft, strength) => {
    draft.clients = 300
    draft.affinity = true
    draft.shared = pick(strength, [1, 2, 1])
    const much = pick(strength, [60, 120, 600])
    const { shared } = draft
    draft.activity = (client) => (client < shared ? much : 1)
    draft.facts = { ...draft.facts, affinity: 'ClientIP', sharedAddresses: ['192.0.2.0', '192.0.2.1', '192.0.2.2'] }
  },

  'heavy-client': (draft, strength, dice) => {
    draft.clients = 60
    if (dice.chance(0.5)) {
      draft.clients = 200
      draft.affinity = true
      const much = pick(strength, [50, 120, 500])
      draft.activity = (client) => (client === 7 ? much : 1)
      draft.facts = { ...draft.facts, affinity: 'ClientIP' }
    } else {
      draft.unit = dice.oneOf(['bytes', 'requests', 'cpu'])
      const much = pick(strength, [80, 200, 1000])
      draft.load = (random, client) => bytesOf(500, 0.5)(random) * (client === 7 ? much : 1)
    }
  },

  'connection-reuse': (draft, strength, dice) => {
    draft.connections = Math.round(draft.pods.length * pick(strength, [4, 2, 1]))
    draft.clients = Math.max(2, Math.min(draft.connections, dice.between(2, 30)))
    draft.unit = 'requests'
    draft.http2 = true
    draft.load = bytesOf(4000, 0.7)
    draft.meanLife = Infinity
  },

  'few-connections': (draft, strength, dice) => {
    draft.connections = Math.round(draft.pods.length * pick(strength, [5, 3, 1.5]))
    draft.clients = Math.max(2, Math.min(draft.connections, dice.between(3, 40)))
    draft.unit = dice.oneOf(['bytes', 'requests', 'cpu'])
    draft.load = bytesOf(3000, dice.oneOf([0.2, 0.6, 1.2]))
    draft.meanLife = Infinity
  },

  'round-robin-lifetimes': (draft, strength, dice) => {
    draft.scheduler = 'rr'
    draft.nodes = 1
    draft.counted = 'open'
    draft.facts = { ...draft.facts, scheduler: 'rr' }
    const k = draft.pods.length
    draft.connections = Math.max(draft.connections, 120 * k)
    const long = pick(strength, [400, 1200, 4000])
    const each = dice.chance(0.5) ? 1 : Math.max(1, Math.floor(k / 3))
    draft.life = (random, index) => exponential(random, index % k < each ? long : 150)
  },

  'round-robin': (draft, _strength, dice) => {
    inTurn(draft, dice)
    draft.nodes = 1
    draft.clients = 60
    draft.meanLife = Infinity
  },
}
