import { hash32 } from '../../util/random.ts'
import type { Capabilities, Plane } from '../plane.ts'
import { compileFrontend } from './compile.ts'
import { compileBase } from './compile-base.ts'
import { equalObjects } from './equal.ts'
import { isShared, servesBackends } from './identity.ts'
import { type IptablesObject, ruleCount } from './objects.ts'
import { DEFAULT_SCHEDULER } from './schedulers.ts'
import { sharedPicks } from './shared-picks.ts'
import { traceIptables } from './trace.ts'

const capabilities: Capabilities = {
  schedulers: [DEFAULT_SCHEDULER],
  defaultScheduler: DEFAULT_SCHEDULER,
  weights: true,
  affinity: true,
  sctp: true,
  // a kube-proxy deletes chains of its names that it does not know
  beside: false,
  counters: true,
  localhostNodePorts: true,
}

/** A plane remembers the chains that frontends share. */
export const createIptablesPlane = (): Plane<IptablesObject> => {
  const picks = sharedPicks()
  return {
    name: 'iptables',
    capabilities,
    base: (node) => ({ objects: node.families.flatMap((family) => compileBase(node, family)), refused: [] }),
    compile: (frontend, node) => compileFrontend(frontend, node, picks),
    trace: traceIptables,
    shared: isShared,
    equal: equalObjects,
    // a restore is one transaction for each table, and replaces what packets are walking through as a whole
    lingers: () => false,
    serves: servesBackends,
    neighbourhood: ({ service, portName, protocol, family }) => hash32(`${service}:${portName}/${protocol} ${family}`),
    ruleCount,
  }
}

export const iptables: Plane<IptablesObject> = createIptablesPlane()
