import { canonicalAddress, familyOf } from '../../model/address.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { Protocol } from '../../model/objects.ts'
import { frontendKey } from '../../routing/frontends.ts'
import { EXTERNAL_SERVICES, isServiceChain, NODEPORTS, PROXY_FIREWALL, SERVICES, UNUSED } from './chains.ts'
import type { IptablesObject, RuleObject } from './objects.ts'

/**
 * What an object is to the reconciler, told from the object alone, so that objects read back from a kernel are judged like
 * compiled ones.
 */

/** May stand in the programs of several frontends: all chains of a ServicePort, and what is said of a cluster IP. */
export const isShared = (object: IptablesObject): boolean =>
  object.kind === 'chain' ? isServiceChain(object.chain) : object.chain === UNUSED && isHead(object)

const isHead = (object: IptablesObject): boolean => object.kind === 'rule' && object.place === 'head'

/** Told by the dispatch: who is refused, or is no more, is not in it. */
export const servesBackends = (objects: readonly IptablesObject[]): boolean =>
  objects.some((object) => object.kind === 'rule' && object.table === 'nat')

/** The frontend whose own an object is; null: shared, the node's, or not known. */
export const frontendOf = (object: IptablesObject): FrontendKey | null =>
  object.kind === 'rule' && isDispatch(object) ? dialledBy(object) : null

/** Rules that name what is dialled. Those of the filter table's KUBE-NODEPORTS accept health checks, which are nobody's. */
const isDispatch = ({ table, chain }: RuleObject): boolean =>
  table === 'nat'
    ? chain === SERVICES || chain === NODEPORTS
    : chain === SERVICES || chain === EXTERNAL_SERVICES || chain === PROXY_FIREWALL

const protocols: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }

const dialledBy = ({ family, chain, rule }: RuleObject): FrontendKey | null => {
  // a comment may say anything
  const bare = rule.replace(/--comment (?:"(?:[^"\\]|\\.)*"|\S+)/, '')
  const protocol = protocols[/(?:^| )-p (\w+)/.exec(bare)?.[1] ?? '']
  const port = Number(/ --dport (\d+)(?: |$)/.exec(bare)?.[1] ?? NaN)
  if (protocol === undefined || Number.isNaN(port)) return null
  const written = /(?:^| )-d ([^ /]+)/.exec(bare)?.[1]
  const ownFamily = family === 'ip' ? 'IPv4' : 'IPv6'
  const isNodePort = chain === NODEPORTS || bare.includes('--dst-type LOCAL')
  if (isNodePort || written === undefined) return frontendKey(ownFamily, null, protocol, port)
  const address = canonicalAddress(written)
  return address === null || familyOf(address) !== ownFamily ? null : frontendKey(ownFamily, address, protocol, port)
}
