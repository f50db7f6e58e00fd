import type { NodeSight } from '../../node/sight.ts'
import { type Check, fileSays, finding } from '../check.ts'

const NET = '/sys/class/net'
const CALL = '/proc/sys/net/bridge/bridge-nf-call-iptables'

interface BridgePort {
  readonly bridge: string
  readonly port: string
  readonly hairpin: boolean
}

/** Ports of bridges whose other end is in another network namespace: pods. */
const podPorts = (sight: NodeSight): readonly BridgePort[] =>
  sight
    .names(NET)
    .filter((device) => sight.exists(`${NET}/${device}/bridge`))
    .flatMap((bridge) =>
      sight
        .names(`${NET}/${bridge}/brif`)
        .filter((port) => isVeth(sight, port))
        .map((port) => ({ bridge, port, hairpin: sight.number(`${NET}/${port}/brport/hairpin_mode`) === 1 })),
    )

/** Its peer has another index: iflink of other devices is their own index. */
const isVeth = (sight: NodeSight, device: string): boolean => {
  const link = sight.number(`${NET}/${device}/iflink`)
  return link !== null && link !== sight.number(`${NET}/${device}/ifindex`)
}

/** Without bridge-nf, answers between two pods of a bridge cross it without meeting the translation. */
export const bridgeNetfilter: Check = (sight) => {
  const ports = podPorts(sight)
  if (ports.length === 0 || sight.number(CALL) === 1) return []
  const bridges = [...new Set(ports.map(({ bridge }) => bridge))]
  return [
    finding('bridge-nf-off', {
      summary: `a pod on ${bridges.join(', ')} that dials a Service whose endpoint is on the same bridge gets answers from an address it does not know`,
      evidence: [
        fileSays(sight, CALL),
        ...bridges.map((bridge) => ({
          source: `${NET}/${bridge}/brif`,
          found: `${ports.filter((port) => port.bridge === bridge).length} pods`,
        })),
      ],
      cure: 'modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1 (and in /etc/modules-load.d, /etc/sysctl.d)',
    }),
  ]
}

/** With bridge-nf the translated packet goes back out of the port it came in on, which a bridge does in hairpin mode only. */
export const bridgeHairpin: Check = (sight) => {
  if (sight.number(CALL) !== 1) return []
  const ports = podPorts(sight).filter(({ hairpin }) => !hairpin)
  if (ports.length === 0) return []
  return [
    finding('bridge-hairpin', {
      summary: `pods at ${ports.length} bridge ports without hairpin mode cannot reach themselves through a Service`,
      evidence: [
        fileSays(sight, CALL),
        ...ports.slice(0, 5).map(({ port }) => fileSays(sight, `${NET}/${port}/brport/hairpin_mode`)),
      ],
      cure: 'hairpinMode: true in the bridge CNI plugin’s configuration, or for one port: bridge link set dev PORT hairpin on',
    }),
  ]
}

/** Every device but lo is one end of a veth, and nothing bridges or tunnels: nodes look otherwise. */
export const podNetwork: Check = (sight) => {
  const devices = sight.names(NET).filter((device) => device !== 'lo' && sight.exists(`${NET}/${device}/ifindex`))
  if (devices.length !== 1 || !devices.every((device) => isVeth(sight, device))) return []
  return [
    finding('pod-network', {
      summary:
        'the only device is one end of a veth: this looks like a pod’s network, and rules here serve nobody else',
      evidence: [{ source: NET, found: `lo, ${devices.join(', ')}` }],
      cure: 'hostNetwork: true (on a node that is a container itself, such as kind’s, this is as it should be)',
    }),
  ]
}
