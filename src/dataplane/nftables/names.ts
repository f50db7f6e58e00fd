import type { Backend, Frontend } from '../../model/frontend.ts'
import { formatEndpoint } from '../../model/address.ts'
import { hash32 } from '../../util/random.ts'
import { SHARDS } from './objects.ts'

/**
 * Names of what belongs to frontends. nft takes 127 characters of letters, digits and `/ - _ .`, a letter first; the hash keeps
 * names apart where the readable part is cut. Everything here is in kernels already: another name moves everything once.
 */
const LONGEST = 127

/** Backend maps of a table: the kernel checks every element of a map for each rule that uses it, and walks a list of maps. */
const MAPS = 64

const hex = (hash: number): string => hash.toString(16).padStart(8, '0')

const hash64 = (text: string): string => hex(hash32(text)) + hex(hash32(text, 1))

const fits = (name: string): string => (name.length <= LONGEST ? name : name.slice(0, LONGEST))

/** Names of Kubernetes have no other characters; what has would make the listing unreadable for nft. */
const clean = (text: string): string => text.replace(/[^\w/.-]/g, '_')

/** `shop/web/http`, unnamed ports by their number: `shop/web/80` */
const readable = ({ service, portName, port }: Frontend): string => clean(`${service}/${portName || port}`)

export interface FrontendNames {
  /** null: in the table that has everything else */
  readonly shard: number | null
  /** the frontend */
  readonly chain: string
  /** its second set of backends, for some classes of source */
  readonly second: string
  /** its source ranges */
  readonly sources: string
  /** number of its backend map */
  readonly map: string
}

/** Node ports are not; nor what has affinity, whose clients are known at every address of a Service, so all are in one table. */
const isSharded = ({ address, affinitySeconds }: Frontend): boolean => address !== null && affinitySeconds === null

export const frontendNames = (frontend: Frontend): FrontendNames => {
  // with the kind, because a comment names it and cannot be changed in a kernel
  const hash = hash32(`${frontend.key} ${frontend.kind}`)
  const name = `${hex(hash)}-${readable(frontend)}`
  return {
    shard: isSharded(frontend) ? hash % SHARDS : null,
    chain: fits(`f-${name}`),
    second: fits(`c-${name}`),
    sources: fits(`s-${name}`),
    map: (Math.floor(hash / SHARDS) % MAPS).toString(16),
  }
}

/** Ends in the frontend's key, by which a restart knows the chain again. Does not name what changes with backends. */
export const frontendComment = (frontend: Frontend): string => {
  const { kind, key } = frontend
  const comment = `${kind} ${servicePort(frontend)} ${key}`
  // nft keeps 127 bytes of a comment; the key must survive
  return comment.length <= LONGEST ? comment : `${kind} ${key}`
}

/** `shop/web:http` */
const servicePort = ({ service, portName }: Frontend): string => clean(service) + (portName && `:${clean(portName)}`)

/** The frontend key that a comment ends in, null where it does not look like one. */
export const keyInComment = (comment: string): string | null => {
  const last = comment.slice(comment.lastIndexOf(' ') + 1)
  return /:\d+\/(TCP|UDP|SCTP)$/.test(last) ? last : null
}

/** One client's backend of a ServicePort, whichever of its addresses was dialled; another timeout is another set. */
export interface AffinityNames {
  readonly set: string
  readonly chain: string
  readonly comment: string
}

export const affinityNames = (frontend: Frontend, backend: Backend): AffinityNames => {
  const { service, portName, protocol, affinitySeconds } = frontend
  const endpoint = formatEndpoint(backend.address, backend.port)
  const identity = `${service}:${portName}/${protocol} ${endpoint} ${affinitySeconds}`
  const hash = hash64(identity)
  const place = `${backend.address.replaceAll(':', '_')}/${backend.port}`
  return {
    set: `affinity-${hash}`,
    comment: fits(`clients of ${servicePort(frontend)} at ${endpoint}`),
    chain: fits(clean(`a-${hash}-${place}-${service}${portName && `/${portName}`}`)),
  }
}

/** `10.1.0.2:8080`, the backend in the name of an affinity chain; null for other chains. */
export const backendInName = (chain: string): string | null => {
  const match = /^a-[0-9a-f]{16}-([^/-]+)\/(\d+)-/.exec(chain)
  return match === null ? null : formatEndpoint((match[1] ?? '').replaceAll('_', ':'), Number(match[2]))
}

/** Named by content, so Services with the same source ranges share a set. */
export const sourcesSet = (ranges: readonly string[]): string => `sources-${hash64(ranges.join(' '))}`

/** Sets whose keys end in a slot. */
export const isSlotMap = (set: string): boolean => /^(nodeport-)?(backends|picks)-/.test(set)
