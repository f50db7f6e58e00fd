import type { NodeSight } from '../../node/sight.ts'
import { type Check, type CheckSettings, fileSays, finding, planeOf } from '../check.ts'
import type { Finding } from '../finding.ts'

/** IPv4 unless the cluster is IPv6 only; IPv6 where pods, or with pods unknown an interface, have it. */
const usesFamily = (sight: NodeSight, { clusterCIDRs }: CheckSettings, family: 'IPv4' | 'IPv6'): boolean => {
  if (clusterCIDRs.length > 0) return clusterCIDRs.some((cidr) => cidr.includes(':') === (family === 'IPv6'))
  return family === 'IPv4' || globalIPv6(sight)
}

/** address, index, prefix length, scope (00 global), flags, name */
const globalIPv6 = (sight: NodeSight): boolean =>
  sight.lines('/proc/net/if_inet6').some((line) => line.trim().split(/\s+/)[3] === '00')

const forwardFiles = {
  IPv4: '/proc/sys/net/ipv4/ip_forward',
  IPv6: '/proc/sys/net/ipv6/conf/all/forwarding',
} as const

const families = ['IPv4', 'IPv6'] as const

export const forwarding: Check = (sight, settings) =>
  families
    .filter((family) => usesFamily(sight, settings, family) && sight.number(forwardFiles[family]) === 0)
    .map((family) =>
      finding('ip-forward-off', {
        summary: `${family} is not forwarded: pods reach no Service on other nodes, and NodePorts lead nowhere`,
        evidence: [fileSays(sight, forwardFiles[family])],
        cure: `sysctl -w ${family === 'IPv4' ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding'}=1, and in /etc/sysctl.d`,
      }),
    )

interface DefaultRoute {
  readonly device: string
}

const RTF_UP = 1
const RTF_GATEWAY = 2
const RTF_REJECT = 0x200

/** /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask … */
const routes4 = (
  sight: NodeSight,
): readonly (DefaultRoute & { readonly isDefault: boolean; readonly flags: number })[] =>
  sight
    .lines('/proc/net/route')
    .slice(1)
    .map((line) => line.split('\t').map((cell) => cell.trim()))
    .map(([device = '', destination, , flags = '0', , , , mask]) => ({
      device,
      flags: Number.parseInt(flags, 16),
      isDefault: destination === '00000000' && mask === '00000000',
    }))

/** /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, references, use, flags, device */
const hasDefault6 = (sight: NodeSight): boolean =>
  sight.lines('/proc/net/ipv6_route').some((line) => {
    const [destination = '', length, , , , , , , flags = '0', device] = line.trim().split(/\s+/)
    const usable = (Number.parseInt(flags, 16) & (RTF_UP | RTF_REJECT)) === RTF_UP
    return /^0+$/.test(destination) && length === '00' && usable && device !== 'lo'
  })

/** The node's own connect to a Service address is routed before it is translated. */
export const defaultRoute: Check = (sight, settings) => {
  const found: Finding[] = []
  const has4 = routes4(sight).some(({ isDefault, flags }) => isDefault && (flags & (RTF_UP | RTF_REJECT)) === RTF_UP)
  const missing = [
    ...(usesFamily(sight, settings, 'IPv4') && sight.text('/proc/net/route') !== null && !has4
      ? [{ family: 'IPv4', source: '/proc/net/route' }]
      : []),
    ...(usesFamily(sight, settings, 'IPv6') && sight.text('/proc/net/ipv6_route') !== null && !hasDefault6(sight)
      ? [{ family: 'IPv6', source: '/proc/net/ipv6_route' }]
      : []),
  ]
  for (const { family, source } of missing)
    found.push(
      finding('no-default-route', {
        summary: `no default route for ${family}: this node’s own processes and host-network pods get ENETUNREACH for Service addresses`,
        evidence: [{ source, found: 'no default route in the main table' }],
        cure: `give the node a default route, or one to the Service CIDR over any device: ip ${family === 'IPv6' ? '-6 ' : ''}route add SERVICE-CIDR dev DEVICE`,
      }),
    )
  return found
}

const RP_FILTER = '/proc/sys/net/ipv4/conf'

/** Strict: an answer that would leave by another interface than the packet came in on is dropped on arrival. */
export const reversePathFilter: Check = (sight) => {
  const uplinks = [
    ...new Set(
      routes4(sight)
        .filter(({ flags }) => flags & RTF_GATEWAY)
        .map(({ device }) => device),
    ),
  ]
  if (uplinks.length < 2) return []
  const all = sight.number(`${RP_FILTER}/all/rp_filter`) ?? 0
  // the larger of both counts; 1 is strict, 2 loose
  const strict = uplinks.filter((device) => Math.max(all, sight.number(`${RP_FILTER}/${device}/rp_filter`) ?? 0) === 1)
  if (strict.length === 0) return []
  return [
    finding('rp-filter-strict', {
      summary: `NodePort and LoadBalancer traffic that comes in on ${strict.join(' or ')} is dropped where the way back is another interface`,
      evidence: [
        { source: '/proc/net/route', found: `gateways over ${uplinks.join(', ')}` },
        fileSays(sight, `${RP_FILTER}/all/rp_filter`),
        ...strict.map((device) => fileSays(sight, `${RP_FILTER}/${device}/rp_filter`)),
      ],
      cure: `sysctl -w ${strict.map((device) => `net.ipv4.conf.${device}.rp_filter=2`).join(' ')} (and all.rp_filter=2)`,
    }),
  ]
}

const ROUTE_LOCALNET = '/proc/sys/net/ipv4/conf/all/route_localnet'

export const routeLocalnet: Check = (sight, settings) => {
  if (planeOf(settings) === 'iptables' && settings.localhostNodePorts === true) return []
  if (sight.number(ROUTE_LOCALNET) !== 1) return []
  return [
    finding('route-localnet', {
      summary:
        'packets to 127.0.0.0/8 are routed: kube-proxy’s iptables mode sets this for NodePorts on localhost, which Evenkeel opens in that mode alone',
      evidence: [fileSays(sight, ROUTE_LOCALNET)],
      cure: 'once no kube-proxy in iptables mode runs here and nobody dials NodePorts at 127.0.0.1: sysctl -w net.ipv4.conf.all.route_localnet=0',
    }),
  ]
}
