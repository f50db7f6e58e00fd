import type { Route } from '../../model/frontend.ts'
import { MARK_MASQ } from './chains.ts'
import { chainObject, type ChainObject, type RuleText } from './objects.ts'
import { comment, jumpTo, ruleText, sourceIs } from './rule-text.ts'
import type { Subject } from './subject.ts'

/**
 * KUBE-EXT-…: where node ports, external IPs and balancers' addresses lead. Policy Cluster: everybody is masqueraded, since the endpoint
 * may be on another node. Policy Local: pods and the node take a short circuit to all endpoints, as if they had gone out and come in.
 */
export const compileExternal = (subject: Subject): ChainObject => {
  const { frontend, names, place } = subject
  const { outside } = frontend.routes
  const rules = leadsToAll(outside) ? masqueraded(subject) : shortCircuits(subject)
  return chainObject(place('nat', names.external), [...rules, ...policyChain(subject, outside)])
}

const leadsToAll = (route: Route): boolean => route.to === 'backends' && route.set === 'cluster'

const masqueraded = ({ names }: Subject): readonly RuleText[] => [
  `${comment(`masquerade traffic for ${names.servicePort} external destinations`)} -j ${MARK_MASQ}`,
]

const shortCircuits = ({ names, pods }: Subject): readonly RuleText[] => {
  const local = '-m addrtype --src-type LOCAL'
  const about = (what: string): string => comment(`${what} traffic for ${names.servicePort} external destinations`)
  const fromPods =
    pods === null ? [] : [ruleText({ ...pods.is, matches: [about('pod')], target: jumpTo(names.cluster) })]
  return [
    ...fromPods,
    `${about('masquerade LOCAL')} ${local} -j ${MARK_MASQ}`,
    `${about('route LOCAL')} ${local} -j ${names.cluster}`,
  ]
}

const policyChain = ({ names }: Subject, outside: Route): readonly RuleText[] =>
  outside.to === 'backends' ? [jumpTo(outside.set === 'cluster' ? names.cluster : names.local)] : []

/** KUBE-FW-…: whoever comes from one of the ranges goes on; who does not is dropped in the filter table, as still addressed to the balancer. */
export const compileFirewall = ({ names, place }: Subject, sourceRanges: readonly string[]): ChainObject => {
  const said = comment(`${names.servicePort} loadbalancer IP`)
  return chainObject(place('nat', names.firewall), [
    ...sourceRanges.map((cidr) =>
      ruleText({ source: sourceIs(cidr), matches: [said], target: jumpTo(names.external) }),
    ),
    comment(`other traffic to ${names.servicePort} will be dropped by KUBE-PROXY-FIREWALL`),
  ])
}
