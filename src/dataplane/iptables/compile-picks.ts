import { formatEndpoint } from '../../model/address.ts'
import type { Backend, BackendSet } from '../../model/frontend.ts'
import type { TrafficPolicy } from '../../model/objects.ts'
import { MARK_MASQ } from './chains.ts'
import { endpointChain } from './names.ts'
import { chainObject, type ChainObject, type IpFamily, type RuleText } from './objects.ts'
import { probability } from './probability.ts'
import { comment, destinationIs, destinationPort, jumpTo, ruleText, sourceIs } from './rule-text.ts'
import type { Subject } from './subject.ts'

/**
 * The chain that picks one of a set (KUBE-SVC-…, KUBE-SVL-…) and a chain for each endpoint (KUBE-SEP-…). They are the same whichever
 * frontend of the ServicePort leads there.
 */
export const compilePicks = (subject: Subject, policy: TrafficPolicy, set: BackendSet): readonly ChainObject[] => {
  const { names } = subject
  const chains = set.backends.map((backend) => endpointChain(names, backend))
  const pick = chainObject(subject.place('nat', policy === 'Cluster' ? names.cluster : names.local), [
    ...strangers(subject, policy),
    ...knownClients(subject, set.backends, chains),
    ...shares(subject, set.backends, chains),
  ])
  return [pick, ...set.backends.map((backend, index) => endpoint(subject, backend, chains[index] ?? ''))]
}

/** At the cluster IP whoever is no pod is masqueraded: a static route may have brought him here, and the answer must come back so. */
const strangers = ({ frontend, node, names, pods }: Subject, policy: TrafficPolicy): readonly RuleText[] => {
  const { address, port, policy: internal } = frontend.clusterIP
  if (policy !== internal || (pods === null && !node.masqueradeAll)) return []
  const stranger = node.masqueradeAll ? {} : pods?.isNot
  return [
    ruleText({
      ...stranger,
      destination: destinationIs(address),
      protocol: `-p ${names.protocol}`,
      matches: [comment(`${names.servicePort} cluster IP`), destinationPort(names.protocol, port)],
      target: jumpTo(MARK_MASQ),
    }),
  ]
}

/** Session affinity: who was at an endpoint lately goes there again. */
const knownClients = (
  { frontend, family, names }: Subject,
  backends: readonly Backend[],
  chains: readonly string[],
): readonly RuleText[] => {
  const { affinitySeconds } = frontend
  if (affinitySeconds === null) return []
  return backends.map((backend, index) => {
    const chain = chains[index] ?? ''
    const recent = `-m recent --rcheck --seconds ${affinitySeconds} --reap --name ${chain} ${wholeAddress[family]}`
    return `${comment(`${names.servicePort} -> ${endpointOf(backend)}`)} ${recent} -j ${chain}`
  })
}

/** Each rule takes its share of what those before it left; the last takes the rest. */
const shares = ({ names }: Subject, backends: readonly Backend[], chains: readonly string[]): readonly RuleText[] => {
  let left = backends.reduce((sum, { weight }) => sum + weight, 0)
  return backends.map((backend, index) => {
    const chain = chains[index] ?? ''
    const said = comment(`${names.servicePort} -> ${endpointOf(backend)}`)
    const { weight } = backend
    const total = left
    left -= weight
    if (left === 0) return `${said} -j ${chain}`
    return [said, '-m statistic --mode random --probability', probability(weight, total), '-j', chain].join(' ')
  })
}

/** A backend that dials itself is masqueraded; with affinity the client is remembered. */
const endpoint = ({ frontend, family, names, place }: Subject, backend: Backend, chain: string): ChainObject => {
  const { protocol } = names
  const said = comment(names.servicePort)
  const remember = frontend.affinitySeconds === null ? '' : ` -m recent --set --name ${chain} ${wholeAddress[family]}`
  return chainObject(place('nat', chain), [
    [sourceIs(backend.address), said, '-j', MARK_MASQ].join(' '),
    [`-p ${protocol}`, said + remember, `-m ${protocol} -j DNAT --to-destination`, endpointOf(backend)].join(' '),
  ])
}

const endpointOf = ({ address, port }: Backend): string => formatEndpoint(address, port)

/** what iptables-save prints of a list of clients (xt_recent) */
const wholeAddress: Readonly<Record<IpFamily, string>> = {
  ip: '--mask 255.255.255.255 --rsource',
  ip6: '--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource',
}
