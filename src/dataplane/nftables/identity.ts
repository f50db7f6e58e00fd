import type { FrontendKey } from '../../model/frontend.ts'
import { frontendName } from './elements.ts'
import { keyInComment } from './names.ts'
import type { NftObject } from './objects.ts'

/**
 * What an object is to the reconciler, told from its name and key alone, so that objects read back from a kernel
 * are judged like compiled ones.
 */

/** Sets with an element for every frontend (or several, by slot). */
const ofFrontends = new Set(['services', 'refused', 'masquerade-all', 'masquerade-outside'])
const ofNodePorts = new Set([
  'nodeports',
  'refused-nodeports',
  'masquerade-all-nodeports',
  'masquerade-outside-nodeports',
])
const ofSlots = /^(nodeport-)?(backends|picks)-/

const isSlotMap = (set: string): boolean => set.includes('backends-') || set.includes('picks-')

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
    case 'set':
    case 'counter':
      return null
  }
}

/** May stand in the programs of several frontends. */
export const isShared = (object: NftObject): boolean => {
  switch (object.kind) {
    case 'chain':
      return object.chain.name.startsWith('a-') || object.chain.name.startsWith('refuse-by-')
    case 'set':
      return (
        ofSlots.test(object.set.name) ||
        object.set.name.startsWith('affinity-') ||
        object.set.name.startsWith('sources-')
      )
    case 'element':
      return object.set === 'hairpin' || object.set === 'cluster-ips' || object.set.startsWith('sources-')
    case 'counter':
      return false
  }
}

/**
 * A packet in flight may still need it: what is reached by another lookup than the one that found it. Elements of dispatch and
 * membership sets go at once.
 */
export const lingers = (object: NftObject): boolean => {
  switch (object.kind) {
    case 'chain':
    case 'set':
      return true
    case 'element':
      return isSlotMap(object.set) || object.set === 'hairpin' || object.set.startsWith('sources-')
    case 'counter':
      return false
  }
}
