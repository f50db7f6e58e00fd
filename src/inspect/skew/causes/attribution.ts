import { sum } from '../../statistics/index.ts'
import { type Case, effectiveChoices } from '../nulls/choices.ts'
import { rulesOdds } from '../nulls/odds.ts'
import { gainOf } from '../nulls/gain.ts'
import { zonesAsWell } from '../nulls/places.ts'
import type { Observation } from '../observation.ts'
import type { Certainty } from '../report.ts'
import type { NamedCause } from './codes.ts'
import { apart, besidesPlaces, leftOver, noticeable, type Stratum } from './left-over.ts'

export interface Attributed {
  readonly code: NamedCause
  readonly certainty: Exclude<Certainty, 'none'>
  /** log odds that the rules' doing so is why, against the rules without it */
  readonly gain: number
}

interface Step {
  readonly code: NamedCause
  readonly certainty: Exclude<Certainty, 'none'>
  /** of a node's odds so far, those with the step taken too */
  readonly change: (odds: readonly number[], node: string | null) => readonly number[]
}

const normal = (odds: readonly number[]): readonly number[] => {
  const total = sum(odds)
  return total > 0 ? odds.map((p) => p / total) : odds
}

/**
 * Why the rules give unequal odds: from equal odds to the rules as they are, in steps that have a reason (not ready, weights, Local, hints);
 * what is left over is rules that nothing explains. The gravest first.
 */
export const attributeRules = (situation: Case): readonly Attributed[] => {
  const { observation, totals } = situation
  const strata = strataOf(observation)
  let odds: readonly (readonly number[])[] = strata.map(({ rules }) => rules.map(() => 1 / rules.length))
  const expectedOf = (of: readonly (readonly number[])[]): readonly number[] =>
    totals.map((_, i) => sum(strata.map(({ n }, j) => n * (of[j]?.[i] ?? 0))))
  const distance = (of: readonly (readonly number[])[]): number =>
    sum(strata.map(({ n, rules }, j) => n * apart(of[j] ?? [], rules))) / sum(strata.map(({ n }) => n))
  const draws = effectiveChoices(situation)
  const found: Attributed[] = []
  const take = ({ code, certainty }: Omit<Step, 'change'>, next: readonly (readonly number[])[]): void => {
    if (distance(next) > distance(odds) - noticeable) return
    found.push({ code, certainty, gain: gainOf(totals, expectedOf(next), expectedOf(odds), draws) })
    odds = next
  }
  // a step may bring the odds nearer only after another one: as many rounds as there are steps
  const steps = stepsOf(observation, strata)
  for (const _round of steps)
    for (const step of steps.filter(({ code }) => !found.some((taken) => taken.code === code)))
      take(
        step,
        odds.map((each, j) => normal(step.change(each, strata[j]?.node ?? null))),
      )
  const placed = found.some(({ code }) => code === 'local-traffic-policy' || code === 'topology-hints')
  const rest = placed ? besidesPlaces(observation, strata, odds) : leftOver(observation, strata)
  if (rest !== null)
    take(
      rest,
      strata.map(({ rules }) => rules),
    )
  return found.toSorted((a, b) => b.gain - a.gain)
}

const strataOf = (observation: Observation): readonly Stratum[] => {
  const { nodes = [], backends } = observation
  const known = nodes.flatMap(({ node, odds, counts }) =>
    odds === null || sum(odds) === 0 ? [] : [{ node, n: sum(counts), rules: normal(odds) }],
  )
  if (known.length === 0)
    return [{ node: null, n: 1, rules: rulesOdds(observation) ?? backends.map(() => 1 / backends.length) }]
  return sum(known.map(({ n }) => n)) > 0 ? known : known.map((stratum) => ({ ...stratum, n: 1 }))
}

const stepsOf = (observation: Observation, strata: readonly Stratum[]): readonly Step[] => {
  const { backends, nodes = [], facts } = observation
  const zoneOf = new Map(nodes.map(({ node, zone }) => [node, zone]))
  const filter = (odds: readonly number[], keeps: (index: number) => boolean): readonly number[] => {
    const kept = odds.map((p, i) => (keeps(i) ? p : 0))
    return sum(kept) > 0 ? kept : odds
  }
  const local: Step = {
    code: 'local-traffic-policy',
    certainty:
      facts.internalTrafficPolicy === 'Local' || facts.externalTrafficPolicy === 'Local' ? 'certain' : 'likely',
    change: (odds, node) => filter(odds, (i) => node === null || backends[i]?.node === node),
  }
  const hints: Step = {
    code: 'topology-hints',
    certainty: facts.topologyHints === true ? 'certain' : 'likely',
    change: (odds, node) => filter(odds, (i) => node === null || backends[i]?.zone === zoneOf.get(node)),
  }
  const gone: Step = {
    code: 'unready-pods',
    certainty: 'certain',
    change: (odds) => filter(odds, (i) => backends[i]?.ready !== false && backends[i]?.terminating !== true),
  }
  const weights: Step = {
    code: 'weights',
    certainty: 'certain',
    change: (odds) => odds.map((p, i) => p * (backends[i]?.weight ?? 1)),
  }
  // where the facts do not say it, rules that look exactly like one of them are taken for it
  const exactly = (step: Step): boolean =>
    strata.length > 1 &&
    strata.every(({ node, rules }) => {
      const allowed = step.change(
        rules.map(() => 1),
        node,
      )
      return rules.every((p, i) => p > 0 === (allowed[i] ?? 0) > 0)
    })
  const guess = (step: Step): boolean => exactly(step) && !zonesAsWell(observation)
  const places = [local, hints].filter((step) => step.certainty === 'certain' || guess(step))
  const [known, guessed] = [places.filter(({ certainty }) => certainty === 'certain'), places]
  // where both look alike nobody knows which it is
  return [gone, weights, ...(known.length > 0 ? known : guessed.length > 1 ? [] : guessed)]
}
