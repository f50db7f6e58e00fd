import { type ForeignChain, HOOK_FORWARD, HOOK_INPUT } from '../../../kernel/foreign/index.ts'
import type { NftFamily } from '../../../kernel/nftables/types.ts'
import { isKubeProxyChain } from '../../kube-proxy/names.ts'
import type { NodeSight } from '../../node/sight.ts'
import { type Check, finding } from '../check.ts'
import type { Finding } from '../finding.ts'
import { legacyLists } from './legacy.ts'

/** A base chain that drops what none of its rules accepts. */
interface DroppingChain {
  readonly source: string
  /** where its rules may send packets to be accepted */
  readonly ways: readonly string[]
}

/** Chains that accept nothing of pods: kube-proxy's own, the kubelet's, Docker's (its bridges only). */
const acceptsNothing = /^(?:jump|goto) (?:KUBE-FIREWALL|KUBE-KUBELET-CANARY|DOCKER.*)$/
const deciding = /^(?:accept$|jump |goto |vmap |target$)/

const dropping = async (sight: NodeSight, hook: number, legacyName: string): Promise<readonly DroppingChain[]> => {
  const found: DroppingChain[] = []
  for (const { family, list } of legacyLists)
    if (sight.lines(list).includes('filter'))
      for (const { name, policy, targets } of (await sight.legacyTable(family, 'filter')) ?? [])
        if (name === legacyName && policy === 'drop')
          found.push({ source: `iptables-legacy ${family} filter ${name}`, ways: waysOf(targets) })
  for (const chain of (await sight.nftChains()) ?? [])
    if (chain.hook?.number === hook && chain.hook.policy === 'drop' && isInet(chain.family))
      found.push({
        source: `nftables ${chain.family} ${chain.table} ${chain.name}`,
        ways: waysOf(await targetsOf(sight, chain)),
      })
  return found
}

const isInet = (family: ForeignChain['family']): family is NftFamily =>
  family === 'ip' || family === 'ip6' || family === 'inet'

const targetsOf = async (sight: NodeSight, { family, table, name }: ForeignChain): Promise<readonly string[]> =>
  isInet(family) ? ((await sight.nftRules(family, table, name)) ?? []).flatMap(({ targets }) => targets) : []

const waysOf = (targets: readonly string[]): readonly string[] => [
  ...new Set(targets.filter((target) => deciding.test(target) && !acceptsNothing.test(target))),
]

const isKubeProxys = (way: string): boolean => isKubeProxyChain('filter', way.replace(/^(?:jump|goto) /, ''))

/** Chains that drop all that is forwarded once kube-proxy's own rules are gone. */
export const cutOffByCleaning = async (sight: NodeSight): Promise<readonly string[]> =>
  (await dropping(sight, HOOK_FORWARD, 'FORWARD'))
    .filter(({ ways }) => ways.length > 0 && ways.every(isKubeProxys))
    .map(({ source }) => source)

/** A drop in any table wins over every accept in others, ours included. */
export const forwardDrop: Check = async (sight) => {
  const found: Finding[] = []
  for (const { source, ways } of await dropping(sight, HOOK_FORWARD, 'FORWARD')) {
    const others = ways.filter((way) => !isKubeProxys(way))
    const byKubeProxy = ways.length > others.length
    found.push(
      finding('forward-drop', {
        severity: others.length > 0 ? 'note' : 'warning',
        summary:
          others.length > 0
            ? 'forwarded packets are dropped unless a rule of others accepts them: the network plugin must accept pods and what was translated to pods'
            : byKubeProxy
              ? 'forwarded packets are dropped, and only kube-proxy’s KUBE-FORWARD accepts some: when its rules go, pods and NodePorts are cut off'
              : 'forwarded packets are dropped: nothing reaches pods from other nodes or through NodePorts',
        evidence: [{ source, found: `policy drop; ${ways.length === 0 ? 'no rule accepts' : ways.join(', ')}` }],
        cure: 'iptables -P FORWARD ACCEPT, or accept the pods’ CIDRs in both directions and established connections there',
      }),
    )
  }
  return found
}

export const inputDrop: Check = async (sight) => {
  const chains = await dropping(sight, HOOK_INPUT, 'INPUT')
  if (chains.length === 0) return []
  return [
    finding('input-drop', {
      summary:
        'packets to this node are dropped unless a rule accepts them: balancers must reach /healthz and each healthCheckNodePort',
      evidence: chains.map(({ source, ways }) => ({
        source,
        found: `policy drop; ${ways.join(', ') || 'no rule accepts'}`,
      })),
      cure: 'accept the healthz port (10256) and the healthCheckNodePorts of Services with externalTrafficPolicy: Local',
    }),
  ]
}

/** firewalld rejects forwarded packets by rules at the end of its chains, whatever its policies say. */
export const firewalld: Check = async (sight) => {
  const tables = ((await sight.nftTables()) ?? []).filter(({ table }) => table === 'firewalld')
  if (tables.length === 0) return []
  return [
    finding('firewalld', {
      summary: 'firewalld rejects forwarded packets of interfaces and addresses that no zone trusts',
      evidence: tables.map(({ family, table }) => ({ source: `nftables table ${family} ${table}`, found: 'there' })),
      cure: 'firewall-cmd --permanent --zone=trusted --add-source=POD-CIDR && firewall-cmd --reload, or systemctl disable --now firewalld',
    }),
  ]
}

export const ufw: Check = async (sight) => {
  const names = new Map<string, number>()
  const count = (source: string): void => void names.set(source, (names.get(source) ?? 0) + 1)
  for (const { family, table, name } of (await sight.nftChains()) ?? [])
    if (/^ufw6?-/.test(name)) count(`nftables ${family} ${table}`)
  for (const { family, list } of legacyLists)
    if (sight.lines(list).includes('filter'))
      for (const { name } of (await sight.legacyTable(family, 'filter')) ?? [])
        if (/^ufw6?-/.test(name)) count(`iptables-legacy ${family} filter`)
  if (names.size === 0) return []
  return [
    finding('ufw', {
      summary: 'ufw filters forwarded packets: by default it drops them',
      evidence: [...names].map(([source, chains]) => ({ source, found: `${chains} chains ufw-…` })),
      cure: 'DEFAULT_FORWARD_POLICY="ACCEPT" in /etc/default/ufw, or ufw route allow from POD-CIDR and to POD-CIDR; then ufw reload',
    }),
  ]
}
