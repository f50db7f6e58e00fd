import type { NamedCause } from '../../../src/inspect/skew/causes/codes.ts'
import type { Observation, ServiceFacts } from '../../../src/inspect/skew/observation.ts'
import { diceOf, exponential, lognormal } from './dice.ts'
import { observe } from './observe.ts'
import { podsOf, withZones } from './purpose-built.ts'
import type { World, WorldPod } from './world.ts'

/** Facts that say nothing about why. */
const harmless: readonly ServiceFacts[] = [{}, { scheduler: 'random' }, { internalTrafficPolicy: 'Cluster' }]

/**
 * One to three causes put together at random, with random sizes and a random part of the data to be seen; nobody has looked at them before they are
 * judged. A cause may be too weak to matter.
 */
export const composed = (
  seed: string,
): { readonly causes: readonly NamedCause[]; readonly observation: Observation } => {
  const dice = diceOf(seed)
  const causes: NamedCause[] = []
  const k = dice.between(4, 9)
  const nodes = dice.between(2, 5)
  const has = (code: NamedCause, p: number): boolean => {
    const yes = causes.length < 3 && dice.chance(p)
    if (yes) causes.push(code)
    return yes
  }
  const place = has('local-traffic-policy', 0.2) ? 'node' : has('topology-hints', 0.2) ? 'zone' : null
  const young = has('young-pods', 0.3)
  const unready = has('unready-pods', 0.25)
  const weights = has('weights', 0.25)
  const stale = place === null && has('stale-rules', 0.2)
  const around = has('bypass', 0.2)
  const kept = has('affinity', 0.25)
  const pods = podsOf(
    k,
    (i): WorldPod => ({
      node: place === 'node' ? Math.max(0, i - dice.between(0, 2)) % nodes : i % nodes,
      zone: i < 2 ? 0 : 1,
      ...(young && i % 3 === 1 ? { startedAt: dice.between(300, 700) } : {}),
      ...(unready && i === 0 ? { ready: false, leftAt: dice.oneOf([-10, 300]) } : {}),
      ...(weights ? { weight: i % 2 === 0 ? 1 : dice.between(2, 4) } : {}),
    }),
  )
  const rule = (node: number, pod: number, at: number): number => {
    const { startedAt = -1, ready, leftAt = -1, weight = 1, node: home, zone } = pods[pod] ?? {}
    if (startedAt > at || (ready === false && at >= leftAt)) return 0
    if (place === 'node' && home !== node) return 0
    if (place === 'zone' && zone !== node % 2) return 0
    return stale && node === 0 && pod === k - 1 ? 0 : weight
  }
  const world: World = {
    pods,
    nodes,
    clients: kept ? dice.between(6, 20) : dice.between(150, 400),
    connections: dice.between(500, 3000),
    scheduler: 'random',
    affinity: kept,
    rule,
    ...(around ? { direct: (random: () => number) => (random() < 0.3 ? [2] : null) } : {}),
    ...(dice.chance(0.3) ? { life: (random: () => number) => exponential(random, 800) } : {}),
    ...(dice.chance(0.2) ? { load: (random: () => number) => lognormal(random, 0.5) } : {}),
  }
  const facts: ServiceFacts = {
    ...dice.oneOf([harmless[0] ?? {}, ...harmless]),
    ...(place === 'node' ? { externalTrafficPolicy: 'Local' } : {}),
    ...(place === 'zone' ? { topologyHints: true } : {}),
    ...(kept ? { affinity: 'ClientIP' } : {}),
  }
  const seen = weights || stale ? ('rules' as const) : dice.oneOf(['rules', 'counts', 'rules'])
  const observation = observe(world, { nodes: seen, flows: dice.chance(0.7), counted: 'open', facts }, seed)
  return { causes, observation: withZones(observation, (node) => node % 2) }
}
