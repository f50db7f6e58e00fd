import { formatAddress } from '../model/address.ts'
import type { Fraction, Trace, TracedBackend, Verdict } from '../model/packet.ts'
import type { End, Outcome } from './evaluate.ts'
import { isOne, nearestDouble, sum } from './fraction.ts'

/**
 * An outcome as people are told of it. Where packets part (rules of others may drop one in ten), the verdict is that of the
 * largest share, and a condition names the others; the backends then sum to less than 1.
 */
export const traceOf = ({ ends, path, conditions, unknown }: Outcome): Trace => {
  const shares = sharesOf(ends)
  const verdict = largest(shares)
  const parted = Array.from(shares, ([name, odds]) => ({ name, odds }))
    .filter(({ name }) => name !== verdict)
    .map(({ name, odds }) => `${name} with probability ${odds.numerator}/${odds.denominator}`)
  const backends = verdict === 'dnat' ? backendsOf(ends) : []
  return {
    verdict,
    masquerade: agreed(backends),
    backends,
    partial: unknown.length > 0,
    unknown,
    path,
    conditions: [...conditions, ...parted],
  }
}

const sharesOf = (ends: readonly End[]): ReadonlyMap<Verdict, Fraction> => {
  const grouped = Map.groupBy(ends, ({ verdict }) => verdict)
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
  const { daddr, dport } = group[0] as End
  const masquerade = group.every((end) => end.masquerade)
  const probability = sum(group.map(({ odds }) => odds))
  return { bytes: daddr, backend: { address: formatAddress(daddr), port: dport, probability, masquerade } }
}

const compareBytes = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

/** null: it depends on the backend */
const agreed = (backends: readonly TracedBackend[]): boolean | null => {
  const some = backends.some(({ masquerade }) => masquerade)
  return some && !backends.every(({ masquerade }) => masquerade) ? null : some
}
