import { formatEndpoint } from '../../model/address.ts'
import type { Backend, BackendSet } from '../../model/frontend.ts'
import type { TrafficPolicy } from '../../model/objects.ts'
import { MARK_MASQ } from './chains.ts'
import { endpointChain, type ServicePortNames } from './names.ts'
import { chainObject, type ChainObject, type IpFamily, type RuleText } from './objects.ts'
import { probability } from './probability.ts'
import { comment, destinationIs, destinationPort, jumpTo, ruleText, sourceIs } from './rule-text.ts'
import type { Subject } from './subject.ts'

/**
 * The chain that picks one of a set (KUBE-SVC-…, KUBE-SVL-…) and a chain for each endpoint (KUBE-SEP-…). They are the same whichever
 * frontend of the ServicePort leads there.
 */
export const compilePicks = (subject: Subject, policy: TrafficPolicy, set: BackendSet): readonly ChainObject[] => {
  const { names, place } = subject
  const targets = targetsOf(names, set)
  const pick = chainObject(place('nat', policy === 'Cluster' ? names.cluster : names.local), [
    ...strangers(subject, policy),
    ...knownClients(subject, targets),
    ...shares(subject, targets),
  ])
  return [pick, ...targets.map((target) => endpoint(subject, target))]
}

interface Target {
  readonly backend: Backend
  /** `10.1.0.2:8080` */
  readonly endpoint: string
  readonly chain: string
}

/** In kube-proxy's order: by text. */
const targetsOf = (names: ServicePortNames, { backends }: BackendSet): readonly Target[] =>
  backends
    .map((backend) => {
      const text = formatEndpoint(backend.address, backend.port)
      return { backend, endpoint: text, chain: endpointChain(names, text) }
    })
    .sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))

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

/** None in a large cluster: half of what the kernel would have to hold and check. */
const aboutEndpoint = ({ node, names }: Subject, endpoint: string): string =>
  node.largeCluster === true ? '' : comment(`${names.servicePort} -> ${endpoint}`)

/** Session affinity: who was at an endpoint lately goes there again. */
const knownClients = (subject: Subject, targets: readonly Target[]): readonly RuleText[] => {
  const { frontend, family } = subject
  const { affinitySeconds } = frontend
  if (affinitySeconds === null) return []
  const recent = `-m recent --rcheck --seconds ${affinitySeconds} --reap --name`
  return targets.map(({ endpoint: to, chain }) =>
    [aboutEndpoint(subject, to), recent, chain, wholeAddress[family], '-j', chain].filter(Boolean).join(' '),
  )
}

/** Each rule takes its share of what those before it left; the last takes the rest. */
const shares = (subject: Subject, targets: readonly Target[]): readonly RuleText[] => {
  let left = targets.reduce((sum, { backend }) => sum + backend.weight, 0)
  return targets.map(({ backend, endpoint: to, chain }) => {
    const said = aboutEndpoint(subject, to)
    const total = left
    left -= backend.weight
    if (left === 0) return [said, '-j', chain].filter(Boolean).join(' ')
    const share = probability(backend.weight, total)
    return [said, '-m statistic --mode random --probability', share, '-j', chain].filter(Boolean).join(' ')
  })
}

/** A backend that dials itself is masqueraded; with affinity the client is remembered. */
const endpoint = (
  { frontend, node, family, names, place }: Subject,
  { backend, endpoint: to, chain }: Target,
): ChainObject => {
  const { protocol } = names
  const said = node.largeCluster === true ? '' : comment(names.servicePort)
  const remember = frontend.affinitySeconds === null ? '' : `-m recent --set --name ${chain} ${wholeAddress[family]}`
  return chainObject(place('nat', chain), [
    [sourceIs(backend.address), said, '-j', MARK_MASQ].filter(Boolean).join(' '),
    [`-p ${protocol}`, said, remember, `-m ${protocol} -j DNAT --to-destination`, to].filter(Boolean).join(' '),
  ])
}

/** what iptables-save prints of a list of clients (xt_recent) */
const wholeAddress: Readonly<Record<IpFamily, string>> = {
  ip: '--mask 255.255.255.255 --rsource',
  ip6: '--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource',
}
