import { hash } from 'node:crypto'
import type { Frontend } from '../../model/frontend.ts'

/**
 * kube-proxy's chain names (pkg/proxy/iptables: portProtoHash, servicePortEndpointChainName): a prefix and the first 16 characters of
 * base32(sha256(…)), since iptables takes 28 characters at most.
 */
export interface ServicePortNames {
  /** `shop/web:http`, in comments and hashes */
  readonly servicePort: string
  /** `tcp`, as iptables writes it */
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** all endpoints: traffic policy Cluster */
  readonly cluster: string
  /** this node's endpoints: traffic policy Local */
  readonly local: string
  /** from outside the cluster: masquerade and short circuits, then one of the former */
  readonly external: string
  /** loadBalancerSourceRanges */
  readonly firewall: string
}

type Named = Pick<Frontend, 'service' | 'portName' | 'protocol'>

export const servicePortNames = ({ service, portName, protocol }: Named): ServicePortNames => {
  const servicePort = portName === '' ? service : `${service}:${portName}`
  const lower = protocols[protocol]
  const digest = hash16(servicePort + lower)
  return {
    servicePort,
    protocol: lower,
    cluster: `KUBE-SVC-${digest}`,
    local: `KUBE-SVL-${digest}`,
    external: `KUBE-EXT-${digest}`,
    firewall: `KUBE-FW-${digest}`,
  }
}

const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const

/** The chain of one endpoint (`10.1.0.2:8080`, `[fd00::2]:8080`) of a ServicePort; also the name of its list of clients (`-m recent`). */
export const endpointChain = ({ servicePort, protocol }: ServicePortNames, endpoint: string): string =>
  `KUBE-SEP-${hash16(servicePort + protocol + endpoint)}`

/** RFC 4648 base32 of the first 80 bits: four times 20. A first sync makes a hundred thousand. */
const hash16 = (text: string): string => {
  const digest = hash('sha256', text, 'latin1')
  return twenty(digest, 0, 0) + twenty(digest, 2, 4) + twenty(digest, 5, 0) + twenty(digest, 7, 4)
}

/** 20 bits from bit `skipped` (0 or 4) of the byte at `at`, as 4 characters. */
const twenty = (digest: string, at: number, skipped: 0 | 4): string => {
  const three = (digest.charCodeAt(at) << 16) | (digest.charCodeAt(at + 1) << 8) | digest.charCodeAt(at + 2)
  const bits = skipped === 0 ? three >> 4 : three & 0xfffff
  return (pairs[bits >> 10] ?? '') + (pairs[bits & 1023] ?? '')
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.split('')

/** 10 bits as two characters */
const pairs: readonly string[] = alphabet.flatMap((first) => alphabet.map((second) => first + second))
