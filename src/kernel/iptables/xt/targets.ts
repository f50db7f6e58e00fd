import { formatAddress, parseAddress } from '../../../model/address.ts'
import { number, one, onlyHas, type XtCodec } from './codec.ts'

/** enum ipt_reject_with, ip6t_reject_with */
const rejections = {
  ip: [
    [3, 'icmp-port-unreachable'],
    [7, 'tcp-reset'],
  ],
  ip6: [
    [4, 'icmp6-port-unreachable'],
    [6, 'tcp-reset'],
  ],
} as const

/** NF_NAT_RANGE_MAP_IPS, _PROTO_SPECIFIED and _PROTO_RANDOM_FULLY */
const MAP_IPS = 1
const PROTO_SPECIFIED = 2
const RANDOM_FULLY = 0x10

/** nf_nat_range2 (revision 2): flags, two addresses of 16 bytes, two ports in network order */
export const dnat: XtCodec = {
  print: (info, { revision, family }) => {
    if (revision !== 2 || info.readUInt32LE(0) !== (MAP_IPS | PROTO_SPECIFIED)) return null
    const length = family === 'ip' ? 4 : 16
    const [low, high] = [info.toString('latin1', 4, 4 + length), info.toString('latin1', 20, 20 + length)]
    const [first, last] = [info.readUInt16BE(36), info.readUInt16BE(38)]
    if (low !== high || first !== last) return null
    const address = formatAddress(low)
    return `-j DNAT --to-destination ${family === 'ip' ? address : `[${address}]`}:${first}`
  },
  build: (options) => {
    const [, bracketed, bare, portText = ''] =
      /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d+)$/i.exec(one(options, '--to-destination') ?? '') ?? []
    const address = parseAddress(bracketed ?? bare ?? '')
    const port = number(portText, 0xffff)
    if (address === null || port === null || !onlyHas(options, '--to-destination')) return null
    if (address.length !== (options.family === 'ip' ? 4 : 16)) return null
    const info = Buffer.alloc(48)
    info.writeUInt32LE(MAP_IPS | PROTO_SPECIFIED, 0)
    info.write(address, 4, 'latin1')
    info.write(address, 20, 'latin1')
    info.writeUInt16BE(port, 36)
    info.writeUInt16BE(port, 38)
    return { revision: 2, info }
  },
}

/** IPv4, nf_nat_ipv4_multi_range_compat: how many ranges, then flags; IPv6, nf_nat_range: flags */
export const masquerade: XtCodec = {
  print: (info, { family }) => {
    const flags = info.readUInt32LE(family === 'ip' ? 4 : 0)
    if ((flags & ~RANDOM_FULLY) !== 0) return null
    return `-j MASQUERADE${flags === 0 ? '' : ' --random-fully'}`
  },
  build: (options) => {
    if (!onlyHas(options, '--random-fully')) return null
    const ipv4 = options.family === 'ip'
    const info = Buffer.alloc(ipv4 ? 24 : 40)
    if (ipv4) info.writeUInt32LE(1, 0)
    info.writeUInt32LE(options.values.has('--random-fully') ? RANDOM_FULLY : 0, ipv4 ? 4 : 0)
    return { revision: 0, info }
  },
}

/** ipt_reject_info, ip6t_reject_info: what it is answered with */
export const reject: XtCodec = {
  print: (info, { family }) => {
    const number = info.readUInt32LE(0)
    const [, kind] = rejections[family].find(([one]) => one === number) ?? []
    return kind === undefined ? null : `-j REJECT --reject-with ${kind}`
  },
  build: (options) => {
    const wanted = one(options, '--reject-with')
    const [kind] = rejections[options.family].find(([, name]) => name === wanted) ?? []
    if (kind === undefined || !onlyHas(options, '--reject-with')) return null
    const info = Buffer.alloc(8)
    info.writeUInt32LE(kind, 0)
    return { revision: 0, info }
  },
}
