import type { Capabilities, Plane } from '../plane.ts'
import { type Compilation, compileFrontend } from './compile.ts'
import { compileBase } from './compile-base.ts'
import { DEFAULT_SCHEDULER } from './compile-slots.ts'
import { equalObjects } from './equal.ts'
import { isShared, lingers } from './identity.ts'
import { layoutOf, nftFamily } from './layout.ts'
import type { NftObject } from './objects.ts'
import { pickRules } from './pick-rules.ts'
import { traceNftables } from './trace.ts'

const capabilities: Capabilities = {
  schedulers: ['rr', 'random', 'sh', 'maglev'],
  defaultScheduler: DEFAULT_SCHEDULER,
  weights: true,
  affinity: true,
  sctp: true,
  beside: true,
  counters: true,
}

const compilation = (family: 'ip' | 'ip6'): Compilation => {
  const layout = layoutOf(family)
  return { layout, pickRules: pickRules(layout) }
}

/** A plane remembers the objects and rules that frontends share, so that 10,000 of them stay small. */
export const createNftablesPlane = (): Plane<NftObject> => {
  const compilations = { ip: compilation('ip'), ip6: compilation('ip6') }
  return {
    name: 'nftables',
    capabilities,
    base: (node) => ({
      objects: node.families.flatMap((family) => compileBase(compilations[nftFamily(family)].layout, node, family)),
      refused: [],
    }),
    compile: (frontend, node, before) =>
      compileFrontend(compilations[nftFamily(frontend.family)], frontend, node, before),
    trace: traceNftables,
    shared: isShared,
    equal: equalObjects,
    lingers,
  }
}

export const nftables: Plane<NftObject> = createNftablesPlane()
