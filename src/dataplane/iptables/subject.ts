import type { Frontend } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { type PodTest, podTest } from './detect-local.ts'
import { type ServicePortNames, servicePortNames } from './names.ts'
import type { ChainPlace, IpFamily, IptablesObject, IptablesTable } from './objects.ts'

/** One frontend on its way to objects. */
export interface Subject {
  readonly frontend: Frontend
  readonly node: NodeView
  readonly family: IpFamily
  readonly names: ServicePortNames
  /** how pods are known; null: nobody is */
  readonly pods: PodTest | null
  /** what has been compiled so far */
  readonly objects: IptablesObject[]
  place(table: IptablesTable, chain: string): ChainPlace
}

export const subjectOf = (frontend: Frontend, node: NodeView): Subject => {
  const family = frontend.family === 'IPv4' ? 'ip' : 'ip6'
  return {
    frontend,
    node,
    family,
    names: servicePortNames(frontend),
    pods: podTest(node, frontend.family),
    objects: [],
    place: (table, chain) => ({ family, table, chain }),
  }
}
