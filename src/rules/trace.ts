import { formatAddress, formatEndpoint } from '../model/address.ts'
import type { Fraction, Trace, TracedBackend, Verdict } from '../model/packet.ts'
import type { End, Outcome, Possibility } from './outcome.ts'
import { isOne, nearestDouble, one, sum } from './fraction.ts'

/**
 * An outcome as people are told of it. Where packets part (rules of others may drop one in ten), the verdict is that of the
 * largest share, and a condition names the others; the backends then sum to less than 1.
 */
export const traceOf = ({ ends, path, conditions, unknown, possible }: Outcome): Trace => {
  const shares = sharesOf(ends)
  const verdict = largest(shares)
  const parted = Array.from(shares, ([name, odds]) => ({ name, odds }))
    .filter(({ name }) => name !== verdict)
    .map(({ name, odds }) => `${name} with probability ${printOdds(odds)}`)
  const backends = verdict === 'dnat' ? backendsOf(ends) : []
  return {
    verdict,
    masquerade: backends.length > 0 ? agreed(backends) : ends.some((end) => end.verdict === verdict && end.masquerade),
    backends,
    partial: unknown.length > 0,
    unknown,
    path,
    conditions: [...conditions, ...parted, ...possible.map(possibility)],
  }
}

/** An exact fraction of more than 64 bits says less to people than its nearest double. */
const LARGEST = 1n << 64n

const printOdds = (odds: Fraction): string =>
  odds.denominator > LARGEST ? `about ${nearestDouble(odds)}` : `${odds.numerator}/${odds.denominator}`

/** Backends that a possibility names before it only counts them. */
const MOST_NAMED = 3

const possibility = ({ unless, ends }: Possibility): string =>
  `if otherwise than taken (${unless.join(' and ')}): ${[...sharesOf(ends).keys()].map((verdict) => fate(verdict, ends)).join(' or ')}`

const fate = (verdict: Verdict, ends: readonly End[]): string => {
  const backends = verdict === 'dnat' ? backendsOf(ends) : []
  if (backends.length > MOST_NAMED) return `dnat to one of ${backends.length} backends`
  return backends.length === 0
    ? verdict
    : `dnat to ${backends.map(({ address, port }) => formatEndpoint(address, port)).join(' or ')}`
}

const sharesOf = (ends: readonly End[]): ReadonlyMap<Verdict, Fraction> => {
  const grouped = Map.groupBy(ends, ({ verdict }) => verdict)
  // all of a kind are all there is: no need to sum what may be thousands of long fractions
  if (grouped.size === 1) return new Map(Array.from(grouped.keys(), (verdict) => [verdict, one]))
  return new Map(Array.from(grouped, ([verdict, group]) => [verdict, sum(group.map(({ odds }) => odds))]))
}

const largest = (shares: ReadonlyMap<Verdict, Fraction>): Verdict => {
  let best: Verdict = 'none'
  let most = -1
  for (const [verdict, odds] of shares) {
    if (isOne(odds)) return verdict
    const share = nearestDouble(odds)
    if (share > most) {
      best = verdict
      most = share
    }
  }
  return best
}

const backendsOf = (ends: readonly End[]): readonly TracedBackend[] => {
  const translated = ends.filter(({ verdict }) => verdict === 'dnat')
  const grouped = Map.groupBy(translated, ({ daddr, dport }) => `${daddr} ${dport}`)
  return Array.from(grouped.values(), backendOf)
    .sort((a, b) => compareBytes(a.bytes, b.bytes) || a.backend.port - b.backend.port)
    .map(({ backend }) => backend)
}

const backendOf = (group: readonly End[]): { bytes: string; backend: TracedBackend } => {
  const { daddr, dport, saddr, odds } = group[0] as End
  const masquerade = group.every((end) => end.masquerade)
  const named = masquerade && saddr !== '' && group.every((end) => end.saddr === saddr)
  const probability = group.length === 1 ? odds : sum(group.map((end) => end.odds))
  const backend = { address: formatAddress(daddr), port: dport, probability, masquerade }
  return { bytes: daddr, backend: named ? { ...backend, source: formatAddress(saddr) } : backend }
}

const compareBytes = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

/** null: it depends on the backend */
const agreed = (backends: readonly TracedBackend[]): boolean | null => {
  const some = backends.some(({ masquerade }) => masquerade)
  return some && !backends.every(({ masquerade }) => masquerade) ? null : some
}
