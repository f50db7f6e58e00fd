import { datatypes, isTypeof } from './datatypes.ts'
import type { Bytes, NftSet, NftType } from './types.ts'

/**
 * What nft writes beside objects for its own listings (libnftnl udata, nft src/mnl.c and expression.c): type, length, value,
 * one byte each for type and length. Without it a listing loses comments and prints slots of a map wrongly. Numbers are in host order.
 *
 * | set TLV | what            | typeof expression | TLVs inside                                        |
 * |---------|-----------------|-------------------|----------------------------------------------------|
 * | 0, 1    | byte order of key, data | 1 verdict | none                                               |
 * | 3, 4    | typeof of key, data     | 7 payload | 0 header description, 1 field                      |
 * | 6       | data is an interval     | 9 meta    | 0 key                                              |
 * | 7       | comment                 | 13 concat | 0, 1, 2 …: the parts, each an expression           |
 * |         |                         | 23 numgen | 0 type (inc 0), 1 modulus, 2 offset                |
 *
 * An expression is TLV 0: its number, TLV 1: its own TLVs. Tables, chains, rules, elements and objects hold only TLV 0, a comment.
 */
const COMMENT = 0
const SET_COMMENT = 7
const SET_KEY_TYPEOF = 3
const SET_DATA_TYPEOF = 4

/** NFTNL_UDATA_COMMENT_MAXLEN, its NUL included */
const COMMENT_MAX = 128

const EXPR_VERDICT = 1
const EXPR_PAYLOAD = 7
const EXPR_META = 9
const EXPR_CONCAT = 13
const EXPR_NUMGEN = 23
/** enum proto_desc_id and the header's field */
const TH_DPORT = [11, 2] as const
const IP_TTL = [12, 8] as const
const IP_DADDR = [12, 12] as const
const IP6_DADDR = [13, 9] as const
const META_MARK = 3
const META_IIFNAME = 6
const META_L4PROTO = 16

/** The comment of anything but a set, '' when there is none. Text is cut at what nft can hold. */
export const commentUserdata = (comment: string): Bytes => (comment === '' ? '' : commentTlv(COMMENT, comment))

export function commentOf(userdata: Bytes, type = COMMENT): string {
  for (let at = 0; at + 2 <= userdata.length; at += 2 + userdata.charCodeAt(at + 1)) {
    if (userdata.charCodeAt(at) !== type) continue
    const text = userdata.slice(at + 2, at + 2 + userdata.charCodeAt(at + 1))
    return Buffer.from(text.replace(/\0.*$/s, ''), 'latin1').toString('utf8')
  }
  return ''
}

export const setCommentOf = (userdata: Bytes): string => commentOf(userdata, SET_COMMENT)

export function setUserdata(set: NftSet): Bytes {
  const typeofs = isTypeof(set)
  const data = set.data
  return [
    tlv(0, u32(byteOrder(set.key))),
    data === null ? '' : tlv(1, u32(data === 'verdict' ? 0 : byteOrder(data))),
    typeofs || set.key.length > 1 ? tlv(SET_KEY_TYPEOF, partsExpression(set.key, typeofs)) : '',
    dataTypeof(data, typeofs),
    data === null ? '' : tlv(6, u32(0)),
    set.comment === '' ? '' : commentTlv(SET_COMMENT, set.comment),
  ].join('')
}

function dataTypeof(data: NftSet['data'], typeofs: boolean): Bytes {
  if (data === null) return ''
  if (data === 'verdict') return typeofs ? tlv(SET_DATA_TYPEOF, expression(EXPR_VERDICT, '')) : ''
  return typeofs || data.length > 1 ? tlv(SET_DATA_TYPEOF, partsExpression(data, typeofs)) : ''
}

function partsExpression(parts: readonly NftType[], typeofs: boolean): Bytes {
  if (!typeofs) return expression(EXPR_CONCAT, '')
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return typeExpression(only)
  return expression(EXPR_CONCAT, parts.map((part, index) => tlv(index, typeExpression(part))).join(''))
}

/** The expression that stands for a type; the direction (saddr or daddr) is a convention, nft cares for the type only. */
function typeExpression(type: NftType): Bytes {
  switch (type) {
    case 'ipv4_addr':
      return payload(IP_DADDR)
    case 'ipv6_addr':
      return payload(IP6_DADDR)
    case 'inet_service':
      return payload(TH_DPORT)
    case 'inet_proto':
      return meta(META_L4PROTO)
    case 'mark':
      return meta(META_MARK)
    case 'ifname':
      return meta(META_IIFNAME)
    case 'octet':
      return payload(IP_TTL)
    case 'slot':
      return expression(EXPR_NUMGEN, tlv(0, u32(0)) + tlv(1, u32(65536)) + tlv(2, u32(0)))
  }
}

const payload = ([header, field]: readonly [number, number]): Bytes =>
  expression(EXPR_PAYLOAD, tlv(0, u32(header)) + tlv(1, u32(field)))
const meta = (key: number): Bytes => expression(EXPR_META, tlv(0, u32(key)))
const expression = (number: number, inside: Bytes): Bytes => tlv(0, u32(number)) + tlv(1, inside)

const byteOrder = (parts: readonly NftType[]): number =>
  parts.length === 1 ? datatypes[parts[0] as NftType].byteOrder : 0

/** The commonest comments: one byte a character. */
const plain = /^[ -~]*$/

function commentTlv(type: number, comment: string): Bytes {
  if (plain.test(comment)) return tlv(type, `${comment.slice(0, COMMENT_MAX - 1)}\0`)
  const encoded = Buffer.from(comment.replaceAll('\0', ' '), 'utf8')
  let end = Math.min(encoded.length, COMMENT_MAX - 1)
  // Do not cut inside a character.
  while (end < encoded.length && end > 0 && ((encoded[end] as number) & 0xc0) === 0x80) end--
  return tlv(type, `${encoded.toString('latin1', 0, end)}\0`)
}

function tlv(type: number, value: Bytes): Bytes {
  if (value.length > 255) throw new RangeError(`userdata of ${value.length} bytes, at most 255`)
  return String.fromCharCode(type, value.length) + value
}

const u32 = (value: number): Bytes =>
  String.fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
