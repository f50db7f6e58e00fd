import { findKubeProxy } from '../../kube-proxy/running.ts'
import { type Check, finding, isBeside } from '../check.ts'
import type { Evidence } from '../finding.ts'

interface MarkUser {
  readonly name: string
  /** bits that it writes, lowest and highest */
  readonly bits: readonly [number, number]
  readonly devices: RegExp
}

const users: readonly MarkUser[] = [
  {
    name: 'Calico (its iptables mark mask 0xffff0000)',
    bits: [16, 31],
    devices: /^(?:cali[0-9a-f]{11}|tunl0|vxlan\.calico)$/,
  },
  { name: 'Cilium (magic 0x0f00)', bits: [8, 11], devices: /^cilium_host$/ },
  { name: 'Cilium (identity 0xffff0000)', bits: [16, 31], devices: /^cilium_host$/ },
  { name: 'Weave Net (0x20000)', bits: [17, 17], devices: /^weave$/ },
]

const KUBE_PROXY_BIT = 14

/** A packet that somebody else marks with our bit is masqueraded; one that we mark may be taken for theirs. */
export const markBit: Check = async (sight, settings) => {
  const bit = settings.masqueradeBit
  const devices = sight.names('/sys/class/net')
  const evidence: Evidence[] = users.flatMap(({ name, bits: [low, high], devices: known }) => {
    const device = devices.find((one) => known.test(one))
    if (device === undefined || bit < low || bit > high) return []
    return [{ source: `/sys/class/net/${device}`, found: `${name} marks with bits ${low} to ${high}` }]
  })
  if (isBeside(settings) && bit === KUBE_PROXY_BIT && (await findKubeProxy(sight)).running)
    evidence.push({ source: 'kube-proxy', found: `masquerades what has bit ${KUBE_PROXY_BIT} (its default)` })
  if (evidence.length === 0) return []
  return [
    finding('mark-bit-shared', {
      summary: `mark bit ${bit} asks for masquerade here and means something else to another component`,
      evidence,
      cure: 'nftables.masqueradeBit in the configuration: 12 is nobody’s by default, 14 is kube-proxy’s',
    }),
  ]
}
