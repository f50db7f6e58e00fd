import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { canonicalCidr, familyOf } from '../model/address.ts'
import type { InputProblem } from '../model/snapshot.ts'
import type { NodeSettings } from '../routing/node-view.ts'
import { Faults, show } from '../sources/faults.ts'
import { inMap, isRaw, type Raw, readBoolean, readInteger, readList, readOneOf, readString } from '../sources/fields.ts'
import { type ConfigDocument, readConfigDocuments } from './config-documents.ts'

export type ProxyMode = 'nftables' | 'iptables' | 'ipvs'

/** How the proxy of this node is configured: what routing needs to know, and which plane carries the traffic. */
export interface ProxyConfig extends NodeSettings {
  /** null: not said, the best plane is taken */
  readonly mode: ProxyMode | null
}

/** Flags win over the file. */
export interface ConfigFlags {
  /** `--plane`: nftables, iptables and ipvs decide instead of `mode` which section counts */
  readonly plane?: string | undefined
  readonly nodeName?: string | undefined
  /** one CIDR, or two of both families with a comma between */
  readonly clusterCIDR?: string | undefined
  readonly masqueradeAll?: boolean | undefined
  readonly proxyName?: string | undefined
}

export interface LoadedConfig {
  /** not to be used when there are problems */
  readonly config: ProxyConfig
  readonly problems: readonly InputProblem[]
  /** fields that are known but not honoured, each with the reason */
  readonly warnings: readonly InputProblem[]
}

/**
 * A KubeProxyConfiguration (YAML or JSON) as it stands, with an EvenkeelConfiguration beside it if the file has one.
 * Rejects when the file cannot be read.
 */
export const loadConfig = async (file: string | undefined, flags: ConfigFlags): Promise<LoadedConfig> =>
  file === undefined ? parseConfig(Buffer.alloc(0), 'flags', flags) : parseConfig(await readFile(file), file, flags)

/** Never throws. */
export const parseConfig = (content: Buffer, file: string, flags: ConfigFlags): LoadedConfig => {
  const { documents, problems, warnings } = readConfigDocuments(content, file)
  const nothing: ConfigDocument = { raw: {}, where: () => file }
  const read = <T>(kind: string, reader: (raw: Raw, faults: Faults) => T): T => {
    const { raw, where } = documents.get(kind) ?? nothing
    const faults = new Faults()
    const settings = reader(raw, faults)
    problems.push(...faults.problems(kind, where))
    return settings
  }
  const unused = new Faults()
  const own = read('EvenkeelConfiguration', (raw, faults) => readString(raw, 'serviceProxyName', faults))
  const proxyName = flags.proxyName ?? own
  const config = read('KubeProxyConfiguration', (raw, faults) =>
    readProxy(raw, { ...flags, proxyName }, faults, unused),
  )
  warnings.push(
    ...unused.problems('KubeProxyConfiguration', documents.get('KubeProxyConfiguration')?.where ?? (() => file)),
  )
  const fromFlags = new Faults()
  const clusterCIDRs =
    flags.clusterCIDR === undefined
      ? config.clusterCIDRs
      : toClusterCIDRs(flags.clusterCIDR, '--cluster-cidr', fromFlags)
  problems.push(...fromFlags.problems('', () => 'flags'))
  return { config: { ...config, clusterCIDRs }, problems, warnings }
}

const modes = ['nftables', 'iptables', 'ipvs'] as const

const readProxy = (
  raw: Raw,
  flags: ConfigFlags & { readonly proxyName: string },
  faults: Faults,
  unused: Faults,
): ProxyConfig => {
  const written = readString(raw, 'mode', faults) === '' ? null : readOneOf(raw, 'mode', faults, modes)
  const mode = modes.find((name) => name === flags.plane) ?? written
  const name = flags.nodeName ?? readString(raw, 'hostnameOverride', faults)
  // without a mode kube-proxy means iptables, and a file written for it must go on meaning the same
  const section = mode === 'nftables' ? 'nftables' : 'iptables'
  const masquerade = inMap(raw, section, faults, (map) => ({
    all: readBoolean(map, 'masqueradeAll', faults, false),
    bit: readInteger(map, 'masqueradeBit', faults, { min: 0, max: 31, fallback: flags.proxyName === '' ? 14 : 12 }),
  }))
  noteUnused(raw, section === 'nftables' ? 'iptables' : 'nftables', section, unused)
  return {
    mode: written,
    nodeName: (name || hostname()).trim().toLowerCase(),
    clusterCIDRs: readClusterCIDRs(raw, faults),
    nodePortAddresses: readNodePortAddresses(raw, section === 'nftables', faults),
    masqueradeAll: flags.masqueradeAll ?? masquerade.all,
    masqueradeBit: masquerade.bit,
    proxyName: flags.proxyName,
  }
}

/** kube-proxy's sections are per mode: what stands in another one would be lost without a word. */
const noteUnused = (raw: Raw, other: string, section: string, unused: Faults): void => {
  const ours = isRaw(raw[section]) ? raw[section] : {}
  const theirs = isRaw(raw[other]) ? raw[other] : {}
  const before = unused.length
  for (const key of ['masqueradeAll', 'masqueradeBit'])
    if ((theirs[key] ?? false) !== false && theirs[key] !== ours[key])
      unused.add(key, `has no effect: with this mode ${section}.${key} counts`)
  unused.nest(before, other)
}

/** Pods are known by their addresses only, so the other modes are refused rather than guessed at. */
const readClusterCIDRs = (raw: Raw, faults: Faults): readonly string[] => {
  const detect = readString(raw, 'detectLocalMode', faults)
  if (detect !== '' && detect !== 'ClusterCIDR')
    faults.add('detectLocalMode', `must be ClusterCIDR (or left out): ${show(detect)} is not there yet`)
  return toClusterCIDRs(readString(raw, 'clusterCIDR', faults), 'clusterCIDR', faults)
}

const toClusterCIDRs = (text: string, field: string, faults: Faults): readonly string[] => {
  if (text === '') return []
  const cidrs = text.split(',').map((part) => canonicalCidr(part.trim()))
  const families = new Set(cidrs.map((cidr) => cidr && familyOf(cidr)))
  if (!cidrs.includes(null) && families.size === cidrs.length) return cidrs.filter((cidr) => cidr !== null)
  faults.add(field, `must be a CIDR, or one of each family like 10.0.0.0/8,fd00::/64, not ${show(text)}`)
  return []
}

const readNodePortAddresses = (raw: Raw, nftables: boolean, faults: Faults): readonly string[] | null => {
  const addresses = readList(raw, 'nodePortAddresses', faults, 'this entry', (item, index) => {
    if (item === 'primary') return ['primary']
    if (item === 'all') return ['0.0.0.0/0', '::/0']
    const cidr = typeof item === 'string' ? canonicalCidr(item) : null
    if (item === 'localhost') faults.add(index, 'localhost: NodePorts are never open on loopback addresses')
    else if (cidr === null) faults.add(index, `must be a CIDR, primary or all, not ${show(item)}`)
    return cidr === null ? null : [cidr]
  }).flat()
  if (addresses.length > 0) return addresses
  return nftables ? ['primary'] : null
}
