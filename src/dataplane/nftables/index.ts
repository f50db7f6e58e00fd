import type { Family } from '../../model/objects.ts'
import type { Capabilities, Plane } from '../plane.ts'
import { compileFrontend } from './compile.ts'
import { compileBase } from './compile-base.ts'
import { shardCompiler } from './compile-shard.ts'
import { DEFAULT_SCHEDULER } from './compile-slots.ts'
import { equalObjects } from './equal.ts'
import { isShared, lingers, servesBackends } from './identity.ts'
import { layoutOf, nftFamily } from './layout.ts'
import { frontendNames } from './names.ts'
import { type NftObject, ruleCount, SHARDS } from './objects.ts'
import { pickRules } from './pick-rules.ts'
import type { Compilation } from './subject.ts'
import { traceNftables } from './trace.ts'

const capabilities: Capabilities = {
  schedulers: ['rr', 'random', 'sh', 'maglev'],
  defaultScheduler: DEFAULT_SCHEDULER,
  weights: true,
  affinity: true,
  sctp: true,
  beside: true,
  counters: true,
  localhostNodePorts: false,
}

const compilation = (family: Family): Compilation => {
  const layout = layoutOf(nftFamily(family))
  return { layout, pickRules: pickRules(layout), shardObjects: shardCompiler(layout) }
}

/** A plane remembers the objects and rules that frontends share, so that 10,000 of them stay small. */
export const createNftablesPlane = (): Plane<NftObject> => {
  const compilations = { IPv4: compilation('IPv4'), IPv6: compilation('IPv6') }
  return {
    name: 'nftables',
    capabilities,
    base: (node) => ({
      objects: node.families.flatMap((family) => compileBase(compilations[family].layout, node, family)),
      refused: [],
    }),
    compile: (frontend, node, before) => compileFrontend(compilations[frontend.family], frontend, node, before),
    trace: traceNftables,
    shared: isShared,
    equal: equalObjects,
    lingers,
    serves: servesBackends,
    neighbourhood: (frontend) =>
      (frontend.family === 'IPv4' ? 0 : SHARDS + 1) + (frontendNames(frontend).shard ?? SHARDS),
    ruleCount,
  }
}

export const nftables: Plane<NftObject> = createNftablesPlane()
