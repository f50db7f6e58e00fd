import type { Bytes, Statement } from '../../../rules/model.ts'
import type { XtData } from './context.ts'

type Reader = (blob: XtData) => readonly Statement[] | undefined

/** NF_NAT_RANGE_* */
const MAP_IPS = 1
const PROTO_SPECIFIED = 2
const RANDOM_FULLY = 0x10

interface NatRange {
  readonly flags: number
  /** '' stays */
  readonly address: Bytes
  /** 0 stays */
  readonly port: number
  /** the kernel chooses */
  readonly several: boolean
}

/**
 * IPv4 of revision 0: nf_nat_ipv4_multi_range_compat, one range of flags, two addresses, two ports (big-endian) behind a count;
 * else nf_nat_range(2): flags, two addresses of 16 bytes, two ports.
 */
const rangeOf = ({ bytes, revision, context }: XtData): NatRange => {
  const compat = context.family === 'ip' && revision === 0
  const [start, width] = compat ? [4, 4] : [0, 16]
  const flags = bytes.readUInt32LE(start)
  const length = context.family === 'ip' ? 4 : 16
  const at = (offset: number): Bytes => bytes.toString('latin1', offset, offset + length)
  const [low, high] = [at(start + 4), at(start + 4 + width)]
  const [first, last] = [bytes.readUInt16BE(start + 4 + 2 * width), bytes.readUInt16BE(start + 6 + 2 * width)]
  const [mapsAddress, mapsPort] = [(flags & MAP_IPS) !== 0, (flags & PROTO_SPECIFIED) !== 0]
  return {
    flags,
    address: mapsAddress ? low : '',
    port: mapsPort ? first : 0,
    several: (mapsAddress && low !== high) || (mapsPort && first !== last),
  }
}

const several = (name: string): Statement => ({
  kind: 'unknown',
  text: `${name} to a choice of addresses or ports`,
  role: 'target',
})

const dnat: Reader = (blob) => {
  const { address, port, several: choice } = rangeOf(blob)
  return [choice ? several('DNAT') : { kind: 'dnat', address, port }]
}

const snat: Reader = (blob) => {
  const { address, several: choice } = rangeOf(blob)
  return [{ kind: 'snat', address: choice ? '' : address }]
}

/** Revision 0 of both families, of IPv6 as nf_nat_range. */
const redirect: Reader = (blob) => {
  const { port, several: choice } = rangeOf(blob)
  return [choice ? several('REDIRECT') : { kind: 'redirect', port }]
}

const masquerade: Reader = (blob) => [{ kind: 'masquerade', fullyRandom: (rangeOf(blob).flags & RANDOM_FULLY) !== 0 }]

/** xt_mark_tginfo2: mark, mask. mark = (mark & ~mask) ^ mark */
const mark: Reader = ({ bytes, revision }) => {
  if (revision !== 2) return undefined
  return [{ kind: 'mark', and: ~bytes.readUInt32LE(4) >>> 0, xor: bytes.readUInt32LE(0) }]
}

/** xt_connmark_tginfo1: ctmark, ctmask, nfmask, mode (0 set, 1 save, 2 restore); revision 2 has a shift (direction, bits) before mode. */
const connmark: Reader = ({ bytes, revision }) => {
  const [value, ctMask, markMask] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)]
  const [shift, mode] = revision < 2 ? [0, bytes.readUInt8(12)] : [bytes.readUInt8(13), bytes.readUInt8(14)]
  if (shift !== 0) return undefined
  if (mode === 0) return [{ kind: 'ct-mark', and: ~ctMask >>> 0, xor: value }]
  return [{ kind: mode === 1 ? 'save-mark' : 'restore-mark', ctMask, markMask }]
}

/** enum ipt_reject_with, ip6t_reject_with */
const answers = {
  ip: [
    'icmp-net-unreachable',
    'icmp-host-unreachable',
    'icmp-proto-unreachable',
    '',
    'echo reply',
    'icmp-net-prohibited',
    'icmp-host-prohibited',
    'tcp-reset',
    'icmp-admin-prohibited',
  ],
  ip6: [
    'icmp6-no-route',
    'icmp6-adm-prohibited',
    'not neighbour',
    'icmp6-addr-unreachable',
    '',
    'echo reply',
    'tcp-reset',
    'icmp6-policy-fail',
    'icmp6-reject-route',
  ],
} as const

const reject: Reader = ({ bytes, context }) => {
  const answer = answers[context.family === 'ip6' ? 'ip6' : 'ip'][bytes.readUInt32LE(0)]
  if (answer === 'tcp-reset') return [{ kind: 'reject', with: answer }]
  const refusal = { kind: 'reject', with: 'port-unreachable' } as const
  return [answer === '' || answer === undefined ? refusal : { ...refusal, as: answer }]
}

/** xt_ct_target_info: flags first. */
const CT_NOTRACK = 1
const ct: Reader = ({ bytes }) =>
  (bytes.readUInt16LE(0) & CT_NOTRACK) !== 0 ? [{ kind: 'notrack' }] : [{ kind: 'side-effect', text: 'CT' }]

export const targets: Readonly<Record<string, Reader>> = {
  CONNMARK: connmark,
  CT: ct,
  DNAT: dnat,
  MARK: mark,
  MASQUERADE: masquerade,
  REDIRECT: redirect,
  REJECT: reject,
  SNAT: snat,
}
