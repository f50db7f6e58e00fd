import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { BASE, Ledger } from './ledger.ts'
import type { Observed, Plane, PlaneObject, Program } from '../plane.ts'

export interface Comparison {
  /** frontends that are not in the kernel exactly as planned, sorted; '' is the node's own part */
  readonly missing: readonly FrontendKey[]
  /** frontends and objects in the kernel that are not planned */
  readonly extra: number
}

/** What an agent that started now would have to change. */
export const compareWithKernel = <O extends PlaneObject>(
  plane: Plane<O>,
  observed: Observed<O>,
  frontends: ReadonlyMap<FrontendKey, Frontend>,
  node: NodeView,
): Comparison => {
  const ledger = new Ledger(plane, 0)
  ledger.reset(observed)
  const missing: FrontendKey[] = []
  const compare = (key: FrontendKey, program: Program<O>): void => {
    const { change, commit } = ledger.stage(new Map([[key, program]]))
    if (change.add.length + change.replace.length + change.remove.length > 0) missing.push(key)
    commit(0)
  }
  compare(BASE, plane.base(node))
  for (const [key, frontend] of frontends) compare(key, plane.compile(frontend, node, ledger.get(key)?.objects))
  let extra = ledger.strays + ledger.lingering
  for (const key of ledger.keys()) if (key !== BASE && !frontends.has(key)) extra++
  return { missing: missing.sort(), extra }
}
