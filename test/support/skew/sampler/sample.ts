import type { NamedCause } from '../../../../src/inspect/skew/causes/codes.ts'
import type { Observation } from '../../../../src/inspect/skew/observation.ts'
import { type Dice, diceOf } from '../dice.ts'
import { type Draft, draftOf, strengths } from './draft.ts'
import { effects } from './effects.ts'
import { type Evidence, evidenceOf, see } from './evidence.ts'

/** A situation drawn from the whole space: which causes, how strong, how large, and what the observer has of it. */
export interface Sampled {
  /** none: it is luck, or a reason that nobody has a name for */
  readonly causes: readonly NamedCause[]
  readonly evidence: Evidence
  readonly strength: number
  readonly observation: Observation
  readonly draft: Draft
}

const codes = Object.keys(effects) as readonly NamedCause[]

/** What decides how connections are dealt, what is counted or how many there are: one of each kind at a time. */
const exclusive: readonly (readonly NamedCause[])[] = [
  [
    'same-start',
    'round-robin',
    'round-robin-lifetimes',
    'affinity',
    'shared-address',
    'heavy-client',
    'connection-reuse',
    'few-connections',
  ],
  ['same-start', 'round-robin', 'round-robin-lifetimes', 'weights'],
  ['same-start', 'round-robin', 'round-robin-lifetimes', 'local-traffic-policy', 'topology-hints', 'stale-rules'],
  ['round-robin', 'bypass'],
  ['connection-reuse', 'few-connections', 'bypass'],
  ['local-traffic-policy', 'topology-hints'],
]

const compatible = (a: NamedCause, b: NamedCause): boolean =>
  a !== b && exclusive.every((group) => !(group.includes(a) && group.includes(b)))

/** Things that are there and do no harm. */
const decorate = (draft: Draft, dice: Dice): void => {
  const even = draft.pods.length % draft.nodes === 0 && draft.nodes > 1
  if (dice.chance(0.3)) draft.facts = { ...draft.facts, internalTrafficPolicy: 'Cluster' }
  if (even && dice.chance(0.3)) {
    const { pods } = draft
    draft.rules.push((node, pod) => (pods[pod]?.node === node ? 1 : 0))
    draft.facts = { ...draft.facts, internalTrafficPolicy: 'Local' }
  }
  if (dice.chance(0.3)) draft.facts = { ...draft.facts, sharedAddresses: ['192.0.2.9', '10.3.0.1'] }
  if (dice.chance(0.3)) draft.pods = draft.pods.map((pod) => ({ ...pod, startedAt: -1e4 * dice.between(1, 9) }))
  if (dice.chance(0.3)) draft.pods = draft.pods.map((pod) => ({ ...pod, weight: 100 }))
  if (dice.chance(0.3)) draft.facts = { ...draft.facts, scheduler: 'random' }
  if (dice.chance(0.2)) draft.pods = draft.pods.map((pod, i) => (i === 0 ? { ...pod, ready: false, leftAt: 999 } : pod))
  if (dice.chance(0.2)) draft.facts = { ...draft.facts, affinity: 'None' }
}

/** The effects, in an order in which none undoes another. */
const order = (causes: readonly NamedCause[]): readonly NamedCause[] => [...causes].sort((a, b) => rank(a) - rank(b))
const rank = (code: NamedCause): number =>
  ['same-start', 'round-robin', 'round-robin-lifetimes'].includes(code) ? 0 : code === 'stale-rules' ? 1 : 2

/** By its seed: one cause, two, none, or a preference that nothing accounts for. */
export const sample = (seed: string, only?: NamedCause): Sampled => {
  const dice = diceOf(`sample ${seed}`)
  const draft = draftOf(dice)
  const kind =
    only === undefined ? dice.oneOf(['one', 'one', 'two', 'two', 'fair', 'unknown']) : dice.oneOf(['one', 'two'])
  const causes: NamedCause[] = []
  if (kind === 'one' || kind === 'two') {
    const first = only ?? codes[dice.between(0, codes.length - 1)] ?? 'weights'
    causes.push(first)
    const others = codes.filter((code) => compatible(first, code))
    const second = others[dice.between(0, others.length - 1)]
    if (kind === 'two' && second !== undefined) causes.push(second)
  }
  const strength = dice.oneOf(strengths)
  if (causes.length === 0) decorate(draft, dice)
  for (const code of order(causes)) effects[code](draft, strength, dice)
  if (kind === 'unknown') {
    const favourite = dice.between(0, draft.pods.length - 1)
    const factor = dice.oneOf([0.3, 1.7, 3])
    draft.rules.push((_, pod) => (pod === favourite ? factor : 1))
  }
  const drawn = evidenceOf(dice)
  // rules that have the preference would be weights
  const evidence: Evidence =
    kind === 'unknown' && ['rules', 'some-rules', 'silent'].includes(drawn.nodes)
      ? { ...drawn, nodes: 'counts' }
      : drawn
  const observation = see(draft, evidence, seed)
  // whoever does not see that connections are HTTP/2 can say no more than that they are few
  if (causes.includes('connection-reuse') && evidence.flows !== 'all') causes.push('few-connections')
  // what is dealt in turn may be found more even than luck, too
  if (causes.includes('same-start') || causes.includes('round-robin-lifetimes')) causes.push('round-robin')
  return { causes, evidence, strength, observation, draft }
}
