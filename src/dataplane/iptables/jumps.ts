import {
  EXTERNAL_SERVICES,
  FORWARD,
  KUBELET_FIREWALL,
  NODEPORTS,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
  UNUSED,
} from './chains.ts'
import type { IptablesTable, RuleText } from './objects.ts'
import { comment, destinationIs } from './rule-text.ts'

/** A rule in one of the kernel's own chains that leads to one of ours. */
export interface Jump {
  readonly table: IptablesTable
  readonly from: 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING'
  readonly to: string
  readonly rule: RuleText
}

const isNew = '-m conntrack --ctstate NEW'

const jump = (table: IptablesTable, from: Jump['from'], to: string, about: string, matches = ''): Jump => ({
  table,
  from,
  to,
  rule: [matches, about === '' ? '' : comment(about), `-j ${to}`].filter(Boolean).join(' '),
})

const external = 'kubernetes externally-visible service portals'
const portals = 'kubernetes service portals'
const firewall = 'kubernetes load balancer firewall'

/** kube-proxy's iptablesJumpChains and iptablesKubeletJumpChains, in its order: each is put at the head, so the last is met first. */
export const jumps: readonly Jump[] = [
  jump('filter', 'INPUT', EXTERNAL_SERVICES, external, isNew),
  jump('filter', 'FORWARD', EXTERNAL_SERVICES, external, isNew),
  jump('filter', 'INPUT', NODEPORTS, 'kubernetes health check service ports'),
  // not kube-proxy's: what the node itself sends to an external address is refused too
  jump('filter', 'OUTPUT', EXTERNAL_SERVICES, external, isNew),
  jump('filter', 'FORWARD', SERVICES, portals, isNew),
  jump('filter', 'OUTPUT', SERVICES, portals, isNew),
  jump('filter', 'FORWARD', FORWARD, 'kubernetes forwarding rules'),
  jump('filter', 'INPUT', PROXY_FIREWALL, firewall, isNew),
  jump('filter', 'OUTPUT', PROXY_FIREWALL, firewall, isNew),
  jump('filter', 'FORWARD', PROXY_FIREWALL, firewall, isNew),
  jump('nat', 'OUTPUT', SERVICES, portals),
  jump('nat', 'PREROUTING', SERVICES, portals),
  jump('nat', 'POSTROUTING', POSTROUTING, 'kubernetes postrouting rules'),
  jump('filter', 'INPUT', KUBELET_FIREWALL, ''),
  jump('filter', 'OUTPUT', KUBELET_FIREWALL, ''),
]

/**
 * Not kube-proxy's: after DNAT, still addressed to a Service, so nobody serves it. Packets that dial anything else
 * pass one rule.
 */
export const unusedJumps = (serviceCIDR: string): readonly Jump[] => {
  const matches = `${destinationIs(serviceCIDR)} -m conntrack --ctstate NEW -m conntrack ! --ctstate DNAT`.trimStart()
  const about = 'addresses of Services that nobody serves'
  return (['FORWARD', 'OUTPUT'] as const).map((from) => jump('filter', from, UNUSED, about, matches))
}
