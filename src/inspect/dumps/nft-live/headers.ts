import type { Field } from '../../../rules/model.ts'
import type { Loaded, Value } from './registers.ts'

/** What is known of the packet at a place in a rule, by its matches so far. */
export interface Known {
  /** NFPROTO_*: 2 IPv4, 10 IPv6; of a table of both families only after a match */
  nfproto: number | undefined
  /** IPPROTO_* */
  protocol: number | undefined
}

/** A part of a header: a whole field, or its first bytes only. */
export interface Piece {
  readonly value: Value
  /** bytes of the field itself */
  readonly whole: number
}

type Layout = readonly (readonly [offset: number, width: number, field: Field])[]

const ipv4: Layout = [
  [6, 2, 'ip frag-off'],
  [9, 1, 'ip protocol'],
  [12, 4, 'ip saddr'],
  [16, 4, 'ip daddr'],
]
const ipv6: Layout = [
  [6, 1, 'ip6 nexthdr'],
  [8, 16, 'ip6 saddr'],
  [24, 16, 'ip6 daddr'],
]
const ports: Layout = [
  [0, 2, 'th sport'],
  [2, 2, 'th dport'],
]
const tcp: Layout = [...ports, [13, 1, 'tcp flags']]
const icmp: Layout = [[0, 1, 'icmp type']]
const icmpv6: Layout = [[0, 1, 'icmpv6 type']]

const layoutOf = (base: 'network' | 'transport', { nfproto, protocol }: Known): Layout => {
  if (base === 'network') return nfproto === 2 ? ipv4 : nfproto === 10 ? ipv6 : []
  return protocol === 6 ? tcp : protocol === 1 ? icmp : protocol === 58 ? icmpv6 : ports
}

/** The fields that bytes of a header cover; undefined: some of them belong to none that we know. */
export const piecesOf = (
  { base, offset, length }: Extract<Loaded, { kind: 'header' }>,
  known: Known,
): readonly Piece[] | undefined => {
  const layout = layoutOf(base, known)
  const pieces: Piece[] = []
  let at = offset
  while (at < offset + length) {
    const field = layout.find(([start, width]) => start <= at && at < start + width)
    if (field === undefined) return undefined
    const [start, width, name] = field
    const left = Math.min(offset + length, start + width) - at
    const octet = octetOf(name)
    // one byte of an address, wherever in it, compares and looks up as itself
    if (octet !== undefined && left === 1)
      pieces.push({
        value: { expression: { kind: 'octet', of: octet, at: at - start }, width: 1, order: 'network' },
        whole: 1,
      })
    else if (at !== start) return undefined
    else
      pieces.push({
        value: { expression: { kind: 'field', field: name }, width: left, order: 'network' },
        whole: width,
      })
    at += left
  }
  return pieces
}

const octetOf = (field: Field): 'ip saddr' | 'ip daddr' | 'ip6 saddr' | 'ip6 daddr' | undefined =>
  field === 'ip saddr' || field === 'ip daddr' || field === 'ip6 saddr' || field === 'ip6 daddr' ? field : undefined
