import type { Trace, TracedBackend } from '../../model/packet.ts'

/** Do two answers tell a client the same? Their paths may differ. */
export const sameAnswer = (a: Trace, b: Trace): boolean =>
  a.verdict === b.verdict &&
  a.partial === b.partial &&
  a.masquerade === b.masquerade &&
  a.backends.length === b.backends.length &&
  a.backends.every((backend, i) => sameBackend(backend, b.backends[i]))

const sameBackend = (a: TracedBackend, b: TracedBackend | undefined): boolean =>
  b !== undefined &&
  a.address === b.address &&
  a.port === b.port &&
  a.masquerade === b.masquerade &&
  a.probability.numerator === b.probability.numerator &&
  a.probability.denominator === b.probability.denominator

/** An answer with more to say: conditions it rests on, and what nobody could know, which makes it partial. */
export const withDoubts = (trace: Trace, conditions: readonly string[], unknown: readonly string[]): Trace =>
  conditions.length === 0 && unknown.length === 0
    ? trace
    : {
        ...trace,
        conditions: [...new Set([...trace.conditions, ...conditions])],
        unknown: [...new Set([...trace.unknown, ...unknown])],
        partial: trace.partial || unknown.length > 0,
      }

/** `reject`, `dnat to 3 backends`: an answer in few words. */
export const briefly = ({ verdict, backends }: Trace): string => {
  if (verdict !== 'dnat') return verdict
  const [only] = backends
  return only !== undefined && backends.length === 1 ? `dnat to ${only.address}` : `dnat to ${backends.length} backends`
}
