import { formatEndpoint } from '../model/address.ts'
import type { Packet, Trace } from '../model/packet.ts'
import type { Decision } from '../routing/decide.ts'
import { nearestDouble } from '../rules/fraction.ts'

/**
 * What rules do with a packet beside what the plan would do. `unsure`: something in the rules was not understood, so that
 * neither can be said.
 */
export type Comparison =
  | { readonly is: 'same' }
  | { readonly is: 'unsure'; readonly why: string }
  | ({ readonly is: 'different' } & Contrast)

/**
 * verdict: translated, refused, dropped or left alone; backends: other endpoints; shares: the same endpoints with other odds;
 * masquerade: the same endpoints see another client address; stale: still translated, though the plan has no such frontend.
 */
export const differenceKinds = ['verdict', 'backends', 'shares', 'masquerade', 'stale'] as const
export type DifferenceKind = (typeof differenceKinds)[number]

export interface Contrast {
  readonly kind: DifferenceKind
  /** what the plan does, in words: `dnat to 10.1.0.4:80 50.0%, 10.1.0.5:80 50.0%` */
  readonly planned: string
  /** what the rules do, in the same words */
  readonly found: string
}

/**
 * Relative difference of a backend's share that is none: iptables' probabilities are off by up to 10⁻⁶ of a share, those that
 * kube-proxy before 1.17 printed with five digits by 0.14 % at 300 endpoints.
 */
const SAME_SHARE = 0.01

/**
 * `decision` and `trace` answer the same packet, of a client that is new (conditions of the trace, as of session affinity, are not looked
 * at). `keeps`: is this address the node's own? What is delivered here is not masqueraded, whatever rules ask for.
 */
export const compareAnswers = (decision: Decision, trace: Trace, keeps: (address: string) => boolean): Comparison => {
  const kind = differenceOf(decision, trace, keeps)
  if (kind === null) return same
  if (trace.partial) return { is: 'unsure', why: trace.unknown[0] ?? 'something in the rules was not understood' }
  return { is: 'different', kind, planned: describeDecision(decision), found: describeTrace(trace) }
}

const same: Comparison = { is: 'same' }

const differenceOf = (decision: Decision, trace: Trace, keeps: (address: string) => boolean): DifferenceKind | null => {
  // a rule that accepts a packet leaves it as it is
  const verdict = trace.verdict === 'accept' ? 'none' : trace.verdict
  // planes differ in what they do about addresses that nobody serves: refuse, drop, or nothing
  if (decision.frontend === null) return verdict === 'dnat' ? 'stale' : null
  if (verdict !== decision.verdict) return 'verdict'
  if (verdict !== 'dnat') return null
  const found = new Map(trace.backends.map((backend) => [formatEndpoint(backend.address, backend.port), backend]))
  if (found.size !== decision.backends.length) return 'backends'
  const total = decision.backends.reduce((sum, { weight }) => sum + weight, 0)
  let kind: DifferenceKind | null = null
  for (const { backend, weight, masquerade } of decision.backends) {
    const its = found.get(formatEndpoint(backend.address, backend.port))
    if (its === undefined) return 'backends'
    const share = weight / total
    if (Math.abs(nearestDouble(its.probability) - share) > SAME_SHARE * share) kind ??= 'shares'
    else if (its.masquerade !== masquerade && !keeps(backend.address)) kind ??= 'masquerade'
  }
  return kind
}

/** Backends named at most */
const NAMED = 6

const describeDecision = ({ verdict, backends }: Decision): string => {
  if (verdict !== 'dnat') return verdict
  const total = backends.reduce((sum, { weight }) => sum + weight, 0)
  const parts = backends.map(({ backend, weight, masquerade }) => ({ ...backend, share: weight / total, masquerade }))
  return describeBackends(parts)
}

const describeTrace = ({ verdict, backends }: Trace): string =>
  verdict === 'dnat'
    ? describeBackends(backends.map((backend) => ({ ...backend, share: nearestDouble(backend.probability) })))
    : verdict

interface Part {
  readonly address: string
  readonly port: number
  readonly share: number
  readonly masquerade: boolean
}

const describeBackends = (parts: readonly Part[]): string => {
  const named = parts
    .slice(0, NAMED)
    .map(
      ({ address, port, share, masquerade }) =>
        `${formatEndpoint(address, port)} ${(share * 100).toPrecision(3)}%${masquerade ? ' masqueraded' : ''}`,
    )
  const more = parts.length - named.length
  return `dnat to ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** `10.1.0.9 -> 10.96.0.10:53/UDP (from a pod)` */
export const describePacket = ({ name, from, to, port, protocol, inputInterface }: Packet): string => {
  const facts = [
    ...(name === undefined ? [] : [name]),
    ...(inputInterface === undefined ? [] : [`by ${inputInterface}`]),
  ]
  return `${from} -> ${formatEndpoint(to, port)}/${protocol}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`
}
