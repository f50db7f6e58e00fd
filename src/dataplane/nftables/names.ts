import type { Backend, Frontend } from '../../model/frontend.ts'
import { formatEndpoint } from '../../model/address.ts'
import { hash32 } from '../../util/random.ts'

/**
 * Names of what belongs to frontends. nft takes 127 characters of letters, digits and `/ - _ .`, a letter first; the hash keeps
 * names apart where the readable part is cut. Everything here is in kernels already: another name moves everything once.
 */
const LONGEST = 127

/** Maps that backends are spread over: the kernel checks every element of a map for each rule that uses it (at most 512 maps). */
const SERVICE_MAPS = 512
/** There are at most 3 × 65,535 node ports, usually a few thousand. */
const NODE_PORT_MAPS = 64

const hex8 = (text: string, seed = 0): string => hash32(text, seed).toString(16).padStart(8, '0')

const fits = (name: string): string => (name.length <= LONGEST ? name : name.slice(0, LONGEST))

/** `shop/web/http`, unnamed ports by their number: `shop/web/80` */
const readable = ({ service, portName, port }: Frontend): string => `${service}/${portName || port}`

/** f: a frontend; c: its second set of backends, for some classes of source; s: its source ranges. */
export const frontendChain = (kind: 'f' | 'c' | 's', frontend: Frontend): string =>
  fits(`${kind}-${hex8(frontend.key)}-${readable(frontend)}`)

/** Ends in the frontend's key, by which a restart knows the chain again. Does not name what changes with backends. */
export const frontendComment = ({ kind, service, portName, key }: Frontend): string => {
  const comment = `${kind} ${portName ? `${service}:${portName}` : service} ${key}`
  // nft keeps 127 bytes of a comment; the key must survive
  return comment.length <= LONGEST ? comment : `${kind} ${key}`
}

/** The frontend key that a comment ends in, null where it does not look like one. */
export const keyInComment = (comment: string): string | null => {
  const last = comment.slice(comment.lastIndexOf(' ') + 1)
  return /:\d+\/(TCP|UDP|SCTP)$/.test(last) ? last : null
}

export const mapNumber = (frontend: Frontend): string =>
  (hash32(frontend.key) % (frontend.address === null ? NODE_PORT_MAPS : SERVICE_MAPS)).toString(16)

/** One client's backend of a ServicePort, whichever of its addresses was dialled; another timeout is another set. */
export interface AffinityNames {
  readonly set: string
  readonly chain: string
}

export const affinityNames = (frontend: Frontend, backend: Backend): AffinityNames => {
  const { service, portName, protocol, affinitySeconds } = frontend
  const endpoint = formatEndpoint(backend.address, backend.port)
  const identity = `${service}:${portName}/${protocol} ${endpoint} ${affinitySeconds}`
  const hash = hex8(identity) + hex8(identity, 1)
  const place = `${backend.address.replaceAll(':', '_')}/${backend.port}`
  return {
    set: `affinity-${hash}`,
    chain: fits(`a-${hash}-${place}-${service}${portName && `/${portName}`}`),
  }
}

/** `10.1.0.2:8080`, the backend in the name of an affinity chain; null for other chains. */
export const backendInName = (chain: string): string | null => {
  const match = /^a-[0-9a-f]{16}-([^/-]+)\/(\d+)-/.exec(chain)
  return match === null ? null : formatEndpoint((match[1] ?? '').replaceAll('_', ':'), Number(match[2]))
}

/** Named by content, so Services with the same source ranges share a set. */
export const sourcesSet = (ranges: readonly string[]): string => {
  const text = ranges.join(' ')
  return `sources-${hex8(text)}${hex8(text, 1)}`
}
