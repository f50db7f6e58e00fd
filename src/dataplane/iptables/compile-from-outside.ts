import { localhostNodePorts } from '../../routing/node-view.ts'
import { EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL, SERVICES } from './chains.ts'
import { compileExternal, compileFirewall } from './compile-external.ts'
import { compileRefusal } from './compile-refusals.ts'
import { dialled, dispatchRule } from './dialled.ts'
import { LOCALHOST_ACCEPTED, nfacct } from './nfacct.ts'
import { ruleObject } from './objects.ts'
import { comment, destinationIs, jumpTo } from './rule-text.ts'
import type { Subject } from './subject.ts'

/** A node port, external IP or balancer's address. Under policy Local the outside may be dropped where pods and the node are served. */
export const compileFromOutside = (subject: Subject): void => {
  const { pods, node, outside } = subject.frontend.routes
  if ([pods, node, outside].some(({ to }) => to === 'backends')) compileWayIn(subject)
  if (outside.to !== 'backends') compileRefusal(subject, EXTERNAL_SERVICES, outside)
}

const compileWayIn = (subject: Subject): void => {
  const { frontend, names, objects } = subject
  const { servicePort, external } = names
  objects.push(compileExternal(subject))
  switch (frontend.kind) {
    case 'NodePort':
      return compileNodePort(subject)
    case 'LoadBalancer':
      return compileBalancer(subject)
    case 'ExternalIP':
    case 'ClusterIP':
      objects.push(dispatchRule(subject, SERVICES, `${servicePort} external IP`, external))
  }
}

const compileBalancer = (subject: Subject): void => {
  const { frontend, names, objects, place } = subject
  const { servicePort, external, firewall } = names
  const said = `${servicePort} loadbalancer IP`
  if (frontend.sourceRanges === null) {
    objects.push(dispatchRule(subject, SERVICES, said, external))
    return
  }
  const others = comment(`${servicePort} traffic not accepted by ${firewall}`)
  objects.push(
    compileFirewall(subject, frontend.sourceRanges),
    dispatchRule(subject, SERVICES, said, firewall),
    ruleObject(
      place('filter', PROXY_FIREWALL),
      dialled(subject, { matches: [others], target: jumpTo('DROP') }),
      'tail',
    ),
  )
}

/** KUBE-SERVICES leads to node ports only for addresses of the node. */
const compileNodePort = (subject: Subject): void => {
  const { frontend, node, names, objects, place } = subject
  const chain = place('nat', NODEPORTS)
  const parts = { matches: [comment(names.servicePort)], target: jumpTo(names.external) }
  objects.push(ruleObject(chain, dialled(subject, parts), 'tail'))
  if (!node.nfacct || frontend.family !== 'IPv4' || !localhostNodePorts(node)) return
  const counted = { destination: destinationIs('127.0.0.0/8'), late: nfacct(LOCALHOST_ACCEPTED) }
  objects.push(ruleObject(chain, dialled(subject, { ...parts, ...counted }), 'head'))
}
