import { inCidr } from '../../model/address.ts'
import type { Faults } from '../../sources/faults.ts'
import type { ModeSection } from './flags.ts'
import { kubeProxyFields, type KubeProxyValues } from './kube-proxy-fields.ts'

/** What is wrong with fields that are right by themselves (kube-proxy: pkg/proxy/apis/config/validation), and what is lost among them. */
export const checkTogether = (
  values: KubeProxyValues,
  { section, isIptables }: { readonly section: ModeSection; readonly isIptables: boolean },
  faults: Faults,
  warned: Faults,
): void => {
  const periods = values.mode === 'ipvs' ? values.ipvs : values[section]
  if (periods.minSyncPeriod > periods.syncPeriod)
    nested(faults, values.mode === 'ipvs' ? 'ipvs' : section, () =>
      faults.add('syncPeriod', 'must be at least minSyncPeriod'),
    )
  checkNodePortAddresses(values.nodePortAddresses, faults)
  if (!isIptables || !values.iptables.localhostNodePorts) checkLoopback(values, warned)
  checkDetectLocal(values, faults, warned)
  const other = section === 'nftables' ? 'iptables' : 'nftables'
  nested(warned, other, () => noteOtherSection(values, other, section, warned))
  if (values.mode !== 'ipvs' && values.ipvs.syncPeriod !== kubeProxyFields.ipvs.fields.syncPeriod.fallback)
    nested(warned, 'ipvs', () => warned.add('syncPeriod', `has no effect: with this mode ${section}.syncPeriod counts`))
}

const nested = (faults: Faults, key: string, add: () => void): void => {
  const before = faults.length
  add()
  faults.nest(before, key)
}

/** kube-proxy's sections are per mode: what stands in another one would be lost without a word. */
const noteOtherSection = (values: KubeProxyValues, other: ModeSection, section: ModeSection, warned: Faults): void => {
  for (const key of ['masqueradeAll', 'masqueradeBit', 'syncPeriod'] as const) {
    const value = values[other][key]
    if (value !== kubeProxyFields[other].fields[key].fallback && value !== values[section][key])
      warned.add(key, `has no effect: with this mode ${section}.${key} counts`)
  }
}

const checkNodePortAddresses = (addresses: readonly string[], faults: Faults): void => {
  if (addresses.length > 1 && addresses.includes('primary'))
    faults.add('nodePortAddresses', 'must be CIDRs or primary alone, not both')
}

/** localhostNodePorts is written: counts in mode iptables alone. */
export const checkLocalhost = ({ iptables }: KubeProxyValues, isIptables: boolean, warned: Faults): void => {
  if (iptables.localhostNodePorts && !isIptables)
    nested(warned, 'iptables', () =>
      warned.add(
        'localhostNodePorts',
        'has no effect: only with mode iptables are NodePorts open on loopback addresses',
      ),
    )
}

/** Loopback addresses where NodePorts are not open on them. */
const checkLoopback = ({ nodePortAddresses: addresses }: KubeProxyValues, warned: Faults): void => {
  const loopback = addresses.filter((cidr) => cidr === '::1/128' || (cidr !== 'primary' && isLoopbackRange(cidr)))
  if (loopback.length > 0)
    warned.add(
      'nodePortAddresses',
      `${loopback.join(', ')} has no effect: NodePorts are open on loopback addresses only with mode iptables and localhostNodePorts`,
    )
}

const isLoopbackRange = (cidr: string): boolean => {
  const [address = '', prefix = ''] = cidr.split('/')
  return Number(prefix) >= 8 && inCidr(address, '127.0.0.0/8')
}

const checkDetectLocal = (values: KubeProxyValues, faults: Faults, warned: Faults): void => {
  const { detectLocalMode: mode, detectLocal, clusterCIDR } = values
  const needed = { BridgeInterface: 'bridgeInterface', InterfaceNamePrefix: 'interfaceNamePrefix' } as const
  for (const [wanting, key] of Object.entries(needed)) {
    if (mode === wanting && detectLocal[key] === '')
      nested(faults, 'detectLocal', () => faults.add(key, `must be set with detectLocalMode ${wanting}`))
    if (mode !== wanting && detectLocal[key] !== '')
      nested(warned, 'detectLocal', () => warned.add(key, `has no effect: detectLocalMode is ${mode}`))
  }
  if (mode !== 'ClusterCIDR' && clusterCIDR !== '')
    warned.add('clusterCIDR', `has no effect: detectLocalMode is ${mode}`)
}
