import type { Route } from '../../model/frontend.ts'
import { nodePortAddresses, nodePortCidrsOf } from '../../routing/node-view.ts'
import { UNUSED } from './chains.ts'
import { dialled } from './dialled.ts'
import { ruleObject, type RuleObject, type RuleText } from './objects.ts'
import { comment, destinationIs, jumpTo, sourceIs } from './rule-text.ts'
import type { Subject } from './subject.ts'

/**
 * What is said of a frontend in a filter chain: nobody has endpoints: refused; this node has none and others have: dropped. Packets
 * that the nat table translated no longer dial it.
 */
export const compileRefusal = (subject: Subject, chain: string, { to }: Route): void => {
  const { frontend, names, objects, place } = subject
  const said = comment(`${names.servicePort} has no ${to === 'reject' ? '' : 'local '}endpoints`)
  const target = to === 'reject' ? refuse(subject) : jumpTo('DROP')
  const at = place('filter', chain)
  const add = (rule: RuleText, where: RuleObject['place'] = 'tail') => objects.push(ruleObject(at, rule, where))
  if (frontend.address === null) for (const rule of atNode(subject, said, target)) add(rule)
  else if (frontend.sourceRanges === null || to === 'drop') add(dialled(subject, { matches: [said], target }))
  else {
    // not kube-proxy's: a stranger learns nothing
    for (const cidr of frontend.sourceRanges)
      add(dialled(subject, { source: sourceIs(cidr), matches: [said], target }), 'head')
    const others = comment(`${names.servicePort} traffic not accepted by ${names.firewall}`)
    add(dialled(subject, { matches: [others], target: jumpTo('DROP') }))
  }
}

/** A node port: on all addresses of the node, or (not kube-proxy's) on those where it would be open. */
const atNode = (subject: Subject, said: string, target: string): readonly RuleText[] => {
  const { node, frontend } = subject
  const parts = { matches: [said, '-m addrtype --dst-type LOCAL'], target }
  if (nodePortCidrsOf(node, frontend.family) === null) return [dialled(subject, parts)]
  return nodePortAddresses(node, frontend.family).map((address) =>
    dialled(subject, { ...parts, destination: destinationIs(address) }),
  )
}

/** Not kube-proxy's: other ports of a cluster IP. The same rule from every port of the Service. */
export const compileUnusedPorts = (subject: Subject): void => {
  const { frontend, objects, place } = subject
  if (frontend.address === null) return
  const said = comment(`${frontend.service} has no such port`)
  objects.push(
    ruleObject(place('filter', UNUSED), `${destinationIs(frontend.address)} ${said} ${refuse(subject)}`, 'head'),
  )
}

const refuse = ({ family }: Subject): string =>
  jumpTo(`REJECT --reject-with ${family === 'ip' ? 'icmp' : 'icmp6'}-port-unreachable`)
