import { nearestDouble } from '../rules/fraction.ts'
import type { Packet, PathStep, Trace, TracedBackend, Verdict } from '../model/packet.ts'
import type { Frontend } from '../model/frontend.ts'
import { formatEndpoint } from '../model/address.ts'

/** `evenkeel trace -o json`: keys in this order, documented in docs/json.md. */
export interface TraceReport {
  readonly name?: string
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
  readonly pod?: string
  readonly node?: string
}

/** Pods and nodes by `address:port`. */
export type Pods = ReadonlyMap<string, { readonly pod: string; readonly node: string }>

const LARGEST = 1n << 64n

export const traceReport = (packet: Packet, trace: Trace, pods: Pods): TraceReport => {
  const { name, from, to, port, protocol } = packet
  const { verdict, masquerade, partial, unknown, backends, path, conditions } = trace
  return {
    ...(name === undefined ? {} : { name }),
    from,
    to,
    port,
    protocol,
    verdict,
    masquerade,
    partial,
    unknown,
    backends: backends.map((backend) => backendReport(backend, pods)),
    path: path.map(stepReport),
    conditions,
  }
}

const backendReport = ({ address, port, probability, masquerade }: TracedBackend, pods: Pods): BackendReport => {
  const { numerator, denominator } = probability
  const known = pods.get(formatEndpoint(address, port))
  return {
    address,
    port,
    ...(denominator > LARGEST ? {} : { probability: `${numerator}/${denominator}` }),
    share: nearestDouble(probability),
    masquerade,
    ...(known?.pod ? { pod: known.pod } : {}),
    ...(known?.node ? { node: known.node } : {}),
  }
}

const stepReport = ({ table, chain, rule, line, result }: PathStep): PathStep =>
  line === undefined ? { table, chain, rule, result } : { table, chain, rule, line, result }

/** Who the backends of these frontends are. An address that several Services use has one pod. */
export const podsOf = (frontends: Iterable<Frontend>): Pods => {
  const pods = new Map<string, { pod: string; node: string }>()
  const seen = new Set<object>()
  for (const { sets } of frontends) {
    for (const set of [sets.cluster, sets.local]) {
      // the frontends of a ServicePort share their sets
      if (set === null || seen.has(set)) continue
      seen.add(set)
      for (const { address, port, pod, node } of set.backends) pods.set(formatEndpoint(address, port), { pod, node })
    }
  }
  return pods
}
