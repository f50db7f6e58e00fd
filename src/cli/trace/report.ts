import type { Frontend } from '../../model/frontend.ts'
import { formatEndpoint } from '../../model/address.ts'
import type { Packet, PathStep, Trace, TracedBackend, Verdict } from '../../model/packet.ts'
import { nearestDouble } from '../../rules/fraction.ts'

/** `evenkeel trace -o json`: keys in this order, documented in docs/json.md. */
export interface TraceReport {
  readonly name?: string
  /** where several nodes are described: whose rules these are */
  readonly at?: string
  readonly from: string
  readonly to: string
  readonly port: number
  readonly protocol: Packet['protocol']
  readonly verdict: Verdict
  readonly masquerade: boolean | null
  readonly partial: boolean
  readonly unknown: readonly string[]
  readonly backends: readonly BackendReport[]
  readonly path: readonly PathStep[]
  readonly conditions: readonly string[]
}

export interface BackendReport {
  readonly address: string
  readonly port: number
  /** the exact reduced fraction; left out where its denominator passes 2⁶⁴ */
  readonly probability?: string
  /** the nearest double */
  readonly share: number
  readonly masquerade: boolean
  /** the packet's source after NAT, where a rule names one */
  readonly source?: string
  readonly pod?: string
  readonly node?: string
  readonly zone?: string
}

/** Who has an address; '' not known. */
export interface BackendNames {
  readonly pod: string
  readonly node: string
  readonly zone?: string
}

export type NameOf = (address: string, port: number) => BackendNames | undefined

const LARGEST = 1n << 64n

export const traceReport = (packet: Packet, trace: Trace, nameOf: NameOf, at = ''): TraceReport => {
  const { name, from, to, port, protocol } = packet
  const { verdict, masquerade, partial, unknown, backends, path, conditions } = trace
  return {
    ...(name === undefined ? {} : { name }),
    ...(at === '' ? {} : { at }),
    from,
    to,
    port,
    protocol,
    verdict,
    masquerade,
    partial,
    unknown,
    backends: backends.map((backend) => backendReport(backend, nameOf)),
    path: path.map(stepReport),
    conditions,
  }
}

export const backendReport = (backend: TracedBackend, nameOf: NameOf): BackendReport => {
  const { address, port, probability, masquerade, source } = backend
  const { numerator, denominator } = probability
  const known = nameOf(address, port)
  return {
    address,
    port,
    ...(denominator > LARGEST ? {} : { probability: `${numerator}/${denominator}` }),
    share: nearestDouble(probability),
    masquerade,
    ...(source === undefined ? {} : { source }),
    ...(known?.pod ? { pod: known.pod } : {}),
    ...(known?.node ? { node: known.node } : {}),
    ...(known?.zone ? { zone: known.zone } : {}),
  }
}

const stepReport = ({ table, chain, rule, line, file, handle, counters, result, whyNot }: PathStep): PathStep => ({
  table,
  chain,
  rule,
  ...(line === undefined ? {} : { line }),
  ...(file === undefined ? {} : { file }),
  ...(handle === undefined ? {} : { handle }),
  ...(counters === undefined ? {} : { counters }),
  result,
  ...(whyNot === undefined ? {} : { whyNot }),
})

/** Who the backends of these frontends are. An address that several Services use has one pod. */
export const namesOf = (frontends: Iterable<Frontend>): NameOf => {
  const names = new Map<string, BackendNames>()
  const seen = new Set<object>()
  for (const { sets } of frontends) {
    for (const set of [sets.cluster, sets.local]) {
      // the frontends of a ServicePort share their sets
      if (set === null || seen.has(set)) continue
      seen.add(set)
      for (const { address, port, pod, node } of set.backends) names.set(formatEndpoint(address, port), { pod, node })
    }
  }
  return (address, port) => names.get(formatEndpoint(address, port))
}
