import type { FrontendKey } from '../../model/frontend.ts'
import { frontendName } from './elements.ts'
import { isSlotMap, keyInComment } from './names.ts'
import { TABLE, type NftObject } from './objects.ts'

/**
 * What an object is to the reconciler, told from its name and key alone, so that objects read back from a kernel
 * are judged like compiled ones.
 */

/** Sets with an element for every frontend (or several, by slot). */
const ofFrontends = new Set(['services', 'fallback', 'refused', 'masquerade-all', 'masquerade-outside'])
const ofNodePorts = new Set([
  'nodeports',
  'fallback-nodeports',
  'refused-nodeports',
  'masquerade-all-nodeports',
  'masquerade-outside-nodeports',
])
/** The frontend whose own an object is; null: shared, the node's, or not known. */
export const frontendOf = (object: NftObject): FrontendKey | null => {
  const family = object.family === 'ip6' ? 'ip6' : 'ip'
  switch (object.kind) {
    case 'chain':
      return /^[fcs]-/.test(object.chain.name) ? keyInComment(object.chain.comment) : null
    case 'element': {
      const { set } = object
      if (isSlotMap(set)) return frontendName(object.element.key, family, set.startsWith('nodeport-'))
      if (ofFrontends.has(set)) return frontendName(object.element.key, family, false)
      return ofNodePorts.has(set) ? frontendName(object.element.key, family, true) : null
    }
    case 'table':
    case 'set':
    case 'counter':
      return null
  }
}

/** May stand in the programs of several frontends: among others everything of a shard that is no frontend's own. */
export const isShared = (object: NftObject): boolean => {
  if (object.table !== TABLE) return !isOwnInShard(object)
  switch (object.kind) {
    case 'chain':
      return object.chain.name.startsWith('a-') || object.chain.name.startsWith('refuse-by-class/')
    case 'set':
      return isSlotMap(object.set.name) || /^(affinity|sources)-/.test(object.set.name)
    case 'element':
      return object.set === 'cluster-ips' || object.set.startsWith('sources-')
    case 'counter':
    case 'table':
      return false
  }
}

/** Told by the dispatch: who is refused, or is no more, is not in it. */
export const servesBackends = (objects: readonly NftObject[]): boolean =>
  objects.some((object) => object.kind === 'element' && (object.set === 'services' || object.set === 'nodeports'))

const isOwnInShard = (object: NftObject): boolean => {
  if (object.kind === 'element') return object.set !== 'pods'
  return object.kind === 'chain' && /^[fc]-/.test(object.chain.name)
}

/**
 * A packet in flight may still need it: what is reached by another lookup than the one that found it, and what such things refer to.
 * Elements of dispatch and membership sets go at once.
 */
export const lingers = (object: NftObject): boolean =>
  object.kind !== 'element' || isSlotMap(object.set) || /^(fallback|pods|sources-)/.test(object.set)
