import type { Route } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Frontend } from '../../model/frontend.ts'
import type { TrafficPolicy } from '../../model/objects.ts'
import { localhostNodePorts } from '../../routing/node-view.ts'
import type { Program } from '../plane.ts'
import { EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL, SERVICES } from './chains.ts'
import { compileExternal, compileFirewall } from './compile-external.ts'
import { LOCALHOST_ACCEPTED, nfacct } from './nfacct.ts'
import { type ChainObject, type IptablesObject, ruleObject } from './objects.ts'
import { comment, destinationIs, destinationPort, jumpTo, ruleText } from './rule-text.ts'
import { refusedSchedulers } from './schedulers.ts'
import { type Subject, subjectOf } from './subject.ts'

/** The chains of a set of backends, which frontends of a ServicePort share. */
export type Picks = (subject: Subject, policy: TrafficPolicy) => readonly ChainObject[]

/**
 * All objects of one frontend, in kube-proxy's layout. The chains of its ServicePort are compiled from every frontend alike, so that they
 * are there as long as one of them is.
 */
export const compileFrontend = (frontend: Frontend, node: NodeView, picks: Picks): Program<IptablesObject> => {
  const subject = subjectOf(frontend, node)
  if (frontend.kind === 'ClusterIP') compileClusterIP(subject)
  else compileFromOutside(subject)
  const sets = [...chainsOf(subject, picks)]
  return { objects: [...subject.objects, ...sets], refused: refusedSchedulers(frontend) }
}

/** Endpoints of both sets stand in the program once. */
const chainsOf = (subject: Subject, picks: Picks): Iterable<ChainObject> => {
  const { cluster, local } = subject.frontend.sets
  const all = cluster === null ? [] : picks(subject, 'Cluster')
  if (local === null) return all
  const here = picks(subject, 'Local')
  return cluster === null ? here : new Map([...all, ...here].map((chain) => [chain.key, chain])).values()
}

const compileClusterIP = (subject: Subject): void => {
  const { frontend, names } = subject
  const { outside } = frontend.routes
  if (outside.to === 'backends') {
    const chain = outside.set === 'cluster' ? names.cluster : names.local
    addNat(subject, SERVICES, `${names.servicePort} cluster IP`, jumpTo(chain))
  } else {
    addFilter(subject, SERVICES, refusalOf(subject, outside), refusalTarget(subject, outside))
  }
  acceptHealthChecks(subject)
}

/** Node ports, external IPs and balancers' addresses. */
const compileFromOutside = (subject: Subject): void => {
  const { frontend, names, objects, place } = subject
  const { routes, kind, sourceRanges } = frontend
  if (Object.values(routes).some(({ to }) => to === 'backends')) {
    objects.push(compileExternal(subject))
    if (kind === 'NodePort') compileNodePort(subject)
    else if (kind === 'ExternalIP')
      addNat(subject, SERVICES, `${names.servicePort} external IP`, jumpTo(names.external))
    else if (sourceRanges === null)
      addNat(subject, SERVICES, `${names.servicePort} loadbalancer IP`, jumpTo(names.external))
    else {
      objects.push(compileFirewall(subject, sourceRanges))
      addNat(subject, SERVICES, `${names.servicePort} loadbalancer IP`, jumpTo(names.firewall))
      const said = `${names.servicePort} traffic not accepted by ${names.firewall}`
      objects.push(
        ruleObject(place('filter', PROXY_FIREWALL), dialled(subject, [comment(said)], jumpTo('DROP')), 'tail'),
      )
    }
  }
  const { outside } = routes
  if (outside.to !== 'backends')
    addFilter(subject, EXTERNAL_SERVICES, refusalOf(subject, outside), refusalTarget(subject, outside))
}

const compileNodePort = (subject: Subject): void => {
  const { frontend, node, names, objects, place } = subject
  const target = jumpTo(names.external)
  const chain = place('nat', NODEPORTS)
  const said = comment(names.servicePort)
  // not by the address type: KUBE-SERVICES leads here only for the node's addresses
  objects.push(ruleObject(chain, dialled(subject, [said], target), 'tail'))
  if (!node.nfacct || frontend.family !== 'IPv4' || !localhostNodePorts(node)) return
  const counted = ruleText({
    destination: destinationIs('127.0.0.0/8'),
    protocol: `-p ${names.protocol}`,
    matches: [said, destinationPort(names.protocol, frontend.port), nfacct(LOCALHOST_ACCEPTED)],
    target,
  })
  objects.push(ruleObject(chain, counted, 'head'))
}

/** `healthCheckNodePort` is open whatever a node's firewall says; the rule is the ClusterIP frontend's, because every ServicePort has one. */
const acceptHealthChecks = ({ frontend, names, objects, place }: Subject): void => {
  const { healthCheckNodePort } = frontend
  if (healthCheckNodePort === 0) return
  const said = comment(`${names.servicePort} health check node port`)
  const text = `-p tcp ${said} ${destinationPort('tcp', healthCheckNodePort)} -j ACCEPT`
  objects.push(ruleObject(place('filter', NODEPORTS), text, 'tail'))
}

const addNat = (subject: Subject, chain: string, said: string, target: string): void => {
  subject.objects.push(ruleObject(subject.place('nat', chain), dialled(subject, [comment(said)], target), 'head'))
}

const addFilter = (subject: Subject, chain: string, said: string, target: string): void => {
  // a node port is refused on every address of the node
  const local = subject.frontend.address === null ? ['-m addrtype --dst-type LOCAL'] : []
  const text = dialled(subject, [comment(said), ...local], target)
  subject.objects.push(ruleObject(subject.place('filter', chain), text, 'tail'))
}

/** A packet that dials the frontend. */
const dialled = ({ frontend, names }: Subject, matches: readonly string[], target: string): string => {
  const { address, port } = frontend
  return ruleText({
    destination: address === null ? '' : destinationIs(address),
    protocol: `-p ${names.protocol}`,
    matches: [...matches, destinationPort(names.protocol, port)],
    target,
  })
}

/** Nobody has endpoints: refused; this node has none and others have: dropped. */
const refusalOf = ({ names }: Subject, { to }: Route): string =>
  `${names.servicePort} has no ${to === 'reject' ? '' : 'local '}endpoints`

const refusalTarget = ({ family }: Subject, { to }: Route): string =>
  to === 'reject'
    ? jumpTo(`REJECT --reject-with ${family === 'ip' ? 'icmp' : 'icmp6'}-port-unreachable`)
    : jumpTo('DROP')
