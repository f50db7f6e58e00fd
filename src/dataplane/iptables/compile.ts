import type { Frontend } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { TrafficPolicy } from '../../model/objects.ts'
import type { Program } from '../plane.ts'
import { NODEPORTS, SERVICES } from './chains.ts'
import { compileFromOutside } from './compile-from-outside.ts'
import { compileRefusal, compileUnusedPorts } from './compile-refusals.ts'
import { dispatchRule } from './dialled.ts'
import { type ChainObject, type IptablesObject, ruleObject } from './objects.ts'
import { comment, destinationPort } from './rule-text.ts'
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
  return { objects: [...subject.objects, ...chainsOf(subject, picks)], refused: refusedSchedulers(frontend) }
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
  const { frontend, names, objects } = subject
  const { outside } = frontend.routes
  if (outside.to === 'backends') {
    const chain = outside.set === 'cluster' ? names.cluster : names.local
    objects.push(dispatchRule(subject, SERVICES, `${names.servicePort} cluster IP`, chain))
  } else {
    compileRefusal(subject, SERVICES, outside)
  }
  acceptHealthChecks(subject)
  compileUnusedPorts(subject)
}

/** `healthCheckNodePort` is open whatever a node's firewall says; the rule is the ClusterIP frontend's, because every ServicePort has one. */
const acceptHealthChecks = ({ frontend, names, objects, place }: Subject): void => {
  const { healthCheckNodePort } = frontend
  if (healthCheckNodePort === 0) return
  const said = comment(`${names.servicePort} health check node port`)
  const text = `-p tcp ${said} ${destinationPort('tcp', healthCheckNodePort)} -j ACCEPT`
  objects.push(ruleObject(place('filter', NODEPORTS), text, 'tail'))
}
