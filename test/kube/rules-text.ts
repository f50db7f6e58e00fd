import { execFileSync } from 'node:child_process'
import { familyOf, inCidr } from '../../src/model/address.ts'
import type { KubeCluster } from './cluster.ts'

/** Addresses, sorted: what is told or what is in force. */
export interface Addresses {
  /** of Services: in the ServiceCIDRs */
  readonly frontends: readonly string[]
  /** of pods: in the cluster's pod CIDRs */
  readonly backends: readonly string[]
}

const SERVICES = ['10.96.0.0/16', '10.97.0.0/24', 'fd00:10:96::/112']
const PODS = ['10.1.0.0/16', 'fd00:1::/32']

/** Every address of a Service or pod that is written anywhere in this namespace's nftables, whoever wrote it. */
export const addressesInForce = (): Addresses => {
  const text = execFileSync('nft', ['-j', 'list', 'ruleset'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return sortOut(strings(withoutRanges(JSON.parse(text))))
}

/** What the API server says must be in force: ClusterIPs of Services that a proxy serves, and addresses of their ready endpoints. */
export const addressesWanted = async ({ api }: KubeCluster): Promise<Addresses> => {
  const services = await api.call<List<ServiceObject>>('GET', '/api/v1/services')
  const slices = await api.call<List<SliceObject>>('GET', '/apis/discovery.k8s.io/v1/endpointslices')
  const served = services.items.filter(
    ({ metadata, spec }) =>
      spec.clusterIP !== undefined &&
      spec.clusterIP !== 'None' &&
      metadata.labels?.['service.kubernetes.io/service-proxy-name'] === undefined,
  )
  const names = new Set(served.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))
  const wanted = slices.items.filter(({ metadata }) =>
    names.has(`${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`),
  )
  const ready = wanted.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false),
  )
  return sortOut([
    ...served.flatMap(({ spec }) => spec.clusterIPs ?? []),
    ...ready.map(({ addresses }) => addresses[0] ?? ''),
  ])
}

interface List<T> {
  readonly items: readonly T[]
}
interface Named {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
  }
}
interface ServiceObject extends Named {
  readonly spec: { readonly clusterIP?: string; readonly clusterIPs?: readonly string[] }
}
interface SliceObject extends Named {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: { readonly ready?: boolean }
  }[]
}

const sortOut = (texts: Iterable<string>): Addresses => {
  const all = [...new Set(texts)].filter((text) => /^[\da-f.:]+$/.test(text) && isAddress(text)).sort()
  return {
    frontends: all.filter((text) => SERVICES.some((cidr) => contains(cidr, text))),
    backends: all.filter((text) => PODS.some((cidr) => contains(cidr, text))),
  }
}

const isAddress = (text: string): boolean => /^(\d+\.){3}\d+$/.test(text) || /:.*:/.test(text)

const contains = (cidr: string, address: string): boolean =>
  familyOf(address) === familyOf(cidr) && inCidr(address, cidr)

/** `{prefix: {addr, len}}` and `{range: [from, to]}` are no addresses. */
const withoutRanges = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutRanges)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'prefix' && key !== 'range')
      .map(([key, inner]) => [key, withoutRanges(inner)]),
  )
}

const strings = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}
