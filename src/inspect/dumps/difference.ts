import type { Fraction, Trace } from '../../model/packet.ts'
import { fraction, subtract, sum } from '../../rules/fraction.ts'
import type { NodeRules } from './node.ts'
import { outcomes, type SurveyedFrontend, surveyNode } from './survey.ts'

/** A frontend that two nodes serve differently. */
export interface NodeDifference {
  readonly frontend: string
  readonly title: string
  /** null: it is not there */
  readonly a: Trace | null
  readonly b: Trace | null
  /**
   * the share of new connections that end elsewhere on B than they would on A: half the sum of the absolute differences of all shares
   * (total variation); 1 where it is missing from one
   */
  readonly share: Fraction
  readonly masquerade: boolean
}

/** What two nodes do differently with the same packets, by frontend; nothing where they agree. Ordered as `frontendsOf` has them. */
export const compareNodes = (a: NodeRules, b: NodeRules, from?: string): readonly NodeDifference[] => {
  const there = new Map<string, SurveyedFrontend>()
  for (const one of surveyNode(b, from)) there.set(one.frontend, one)
  const found: NodeDifference[] = []
  for (const here of surveyNode(a, from)) {
    const other = there.get(here.frontend)
    there.delete(here.frontend)
    const difference = compareFrontend(here, other)
    if (difference !== null) found.push(difference)
  }
  for (const { frontend, title, trace } of there.values())
    found.push({ frontend, title, a: null, b: trace, share: fraction(1n, 1n), masquerade: false })
  return found
}

const compareFrontend = (here: SurveyedFrontend, other: SurveyedFrontend | undefined): NodeDifference | null => {
  const { frontend, title, trace: a } = here
  if (other === undefined) return { frontend, title, a, b: null, share: fraction(1n, 1n), masquerade: false }
  const b = other.trace
  const share = totalVariation(outcomes(a), outcomes(b))
  const masquerade = a.verdict === 'dnat' && b.verdict === 'dnat' && a.masquerade !== b.masquerade
  return share.numerator === 0n && !masquerade
    ? null
    : { frontend, title: title || other.title, a, b, share, masquerade }
}

/** ½ Σ |p − q|, exactly. */
export const totalVariation = (p: ReadonlyMap<string, Fraction>, q: ReadonlyMap<string, Fraction>): Fraction => {
  const zero = fraction(0n, 1n)
  const keys = new Set([...p.keys(), ...q.keys()])
  const distances = Array.from(keys, (key) => distance(p.get(key) ?? zero, q.get(key) ?? zero))
  const { numerator, denominator } = sum(distances)
  return fraction(numerator, denominator * 2n)
}

const distance = (a: Fraction, b: Fraction): Fraction =>
  a.numerator * b.denominator >= b.numerator * a.denominator ? subtract(a, b) : subtract(b, a)
