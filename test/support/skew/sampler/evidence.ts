import type { Flow, NodeObservation, Observation, ObservedBackend } from '../../../../src/inspect/skew/observation.ts'
import { hash32 } from '../../../../src/util/random.ts'
import { type Dice, exponential } from '../dice.ts'
import { observe } from '../observe.ts'
import { play, type World } from '../world.ts'
import type { Draft } from './draft.ts'

/** What the user has. */
export interface Evidence {
  readonly nodes: 'none' | 'counts' | 'rules' | 'some-rules' | 'silent'
  readonly flows: 'none' | 'all' | 'sample' | 'open'
  readonly times: boolean
  readonly flowNodes: boolean
  /** whether a connection went around the Service is known of each */
  readonly directSeen: boolean
  /** ages, readiness, nodes, zones and weights of pods */
  readonly objects: boolean
  /** policies, affinity and the scheduler */
  readonly facts: boolean
  readonly connections: boolean
}

export const evidenceOf = (dice: Dice): Evidence => ({
  nodes: dice.oneOf(['none', 'none', 'counts', 'rules', 'rules', 'some-rules', 'silent']),
  flows: dice.oneOf(['none', 'none', 'all', 'all', 'all', 'sample', 'open']),
  times: dice.chance(0.75),
  flowNodes: dice.chance(0.75),
  directSeen: dice.chance(0.7),
  objects: dice.chance(0.8),
  facts: dice.chance(0.8),
  connections: dice.chance(0.8),
})

/** One line that names the kind. */
export const kindOf = ({ nodes, flows, objects }: Evidence): string =>
  `${nodes === 'none' ? '' : `nodes ${nodes} `}${flows === 'none' ? '' : `flows ${flows} `}${objects ? 'objects' : ''}`.trim() ||
  'counts only'

const worldOf = (draft: Draft): World => {
  const { pods, rules, meanLife, life, load, direct } = draft
  const there = (pod: number, at: number): boolean => {
    const { startedAt = -1e6, ready, terminating, leftAt = -Infinity } = pods[pod] ?? {}
    return startedAt <= at && !((ready === false || terminating === true) && at >= leftAt)
  }
  const rule = (node: number, pod: number, at: number): number =>
    there(pod, at) ? rules.reduce((odds, factor) => odds * factor(node, pod, at), 1) : 0
  return {
    pods,
    nodes: draft.nodes,
    clients: draft.clients,
    connections: draft.connections,
    scheduler: draft.scheduler,
    start: draft.start,
    affinity: draft.affinity,
    rule,
    activity: draft.activity,
    ...(life === null ? (meanLife === Infinity ? {} : { life: (random) => exponential(random, meanLife) }) : { life }),
    ...(load === null ? {} : { load }),
    ...(direct === null ? {} : { direct }),
  }
}

const without = <T extends object, K extends keyof T>(of: T, ...keys: readonly K[]): Omit<T, K> => {
  const copy = { ...of }
  for (const key of keys) delete copy[key]
  return copy
}

/** What is seen of a draft by somebody who has this evidence. */
export const see = (draft: Draft, evidence: Evidence, seed: string): Observation => {
  const world = worldOf(draft)
  const { unit, counted, shared } = draft
  const whole = observe(
    world,
    {
      unit: unit === 'cpu' ? 'bytes' : unit,
      counted: unit === 'connections' ? counted : 'opened',
      flows: true,
      nodes: 'rules',
      http2: draft.http2,
      facts: draft.facts,
      address: (client) => (client < shared ? `192.0.2.${client}` : `10.3.${client >> 8}.${client & 255}`),
    },
    seed,
  )
  const connections = play(world, seed)
  const numberOf = (pod: number): number => connections.filter((each) => each.pod === pod).length
  const flows = flowsOf(whole, evidence, seed)
  const nodes = nodesOf(whole, draft, evidence, connections)
  const backends = whole.backends.map((backend, i): ObservedBackend => {
    const counted_ =
      unit === 'connections' || !evidence.connections ? backend : { ...backend, connections: numberOf(i) }
    return evidence.objects
      ? counted_
      : without(counted_, 'startedAt', 'ready', 'terminating', 'node', 'zone', 'weight')
  })
  const facts = evidence.facts
    ? whole.facts
    : without(whole.facts, 'scheduler', 'affinity', 'internalTrafficPolicy', 'externalTrafficPolicy', 'topologyHints')
  return {
    service: whole.service,
    unit,
    backends,
    facts,
    ...(nodes === null ? {} : { nodes }),
    ...(flows === null ? {} : { flows }),
  }
}

const flowsOf = (whole: Observation, evidence: Evidence, seed: string): readonly Flow[] | null => {
  if (evidence.flows === 'none') return null
  const kept = (whole.flows ?? []).filter(({ closedAt }, i) => {
    if (evidence.flows === 'sample') return hash32(`seen ${seed} ${i}`) < 0.3 * 2 ** 32
    return evidence.flows === 'all' || closedAt === null
  })
  return kept.map((flow) => {
    const timed = evidence.times ? flow : without(flow, 'openedAt')
    const placed = evidence.flowNodes ? timed : without(timed, 'node')
    return evidence.directSeen ? placed : without(placed, 'bypassed')
  })
}

/** Of connections that count: those open where open ones are counted. */
const nodesOf = (
  whole: Observation,
  { nodes: count, zones, counted, unit }: Draft,
  { nodes: seen, facts }: Evidence,
  connections: ReturnType<typeof play>,
): readonly NodeObservation[] | null => {
  if (seen === 'none') return null
  const open = unit === 'connections' && counted === 'open'
  return (whole.nodes ?? [])
    .map((node, n): NodeObservation => {
      const counts = node.counts.map((_, pod) => {
        const mine = connections.filter((each) => each.node === n && each.pod === pod && !each.direct)
        return mine.filter(({ closedAt }) => !open || closedAt > 1000).length
      })
      const odds = seen === 'counts' || (seen === 'some-rules' && n % 2 === 1) ? null : node.odds
      return { ...node, counts, odds, ...(facts ? { zone: `zone-${n % zones}` } : {}) }
    })
    .slice(0, seen === 'silent' ? Math.max(1, count - Math.ceil(count / 4)) : count)
}
