import { addressBytes } from '../../src/model/address.ts'

/**
 * SCTP (RFC 9260) as far as a first packet and its answer go: INIT, and INIT ACK with the introduction as its cookie.
 *
 *   0 source port | destination port    4 verification tag    8 CRC32c of the packet, little endian
 *  12 chunk type | flags | length      16 initiate tag       20 window   24 streams out | in   28 TSN   32 parameters
 */
export interface SctpPacket {
  readonly type: 'INIT' | 'INIT ACK'
  readonly sourcePort: number
  readonly port: number
  readonly verificationTag: number
  readonly initiateTag: number
  /** the state cookie of an INIT ACK */
  readonly cookie: string
}

const chunkTypes = { INIT: 1, 'INIT ACK': 2 } as const
const STATE_COOKIE = 7
const HEADERS = 32

export const encodeSctp = (packet: SctpPacket): Buffer => {
  const cookie = Buffer.from(packet.cookie)
  const parameter = cookie.length === 0 ? 0 : 4 + cookie.length
  const bytes = Buffer.alloc(HEADERS + ((parameter + 3) & ~3))
  bytes.writeUInt16BE(packet.sourcePort, 0)
  bytes.writeUInt16BE(packet.port, 2)
  bytes.writeUInt32BE(packet.verificationTag, 4)
  bytes.writeUInt8(chunkTypes[packet.type], 12)
  bytes.writeUInt16BE(20 + parameter, 14)
  bytes.writeUInt32BE(packet.initiateTag, 16)
  bytes.writeUInt32BE(65_536, 20)
  bytes.writeUInt16BE(1, 24)
  bytes.writeUInt16BE(1, 26)
  bytes.writeUInt32BE(1, 28)
  if (parameter > 0) {
    bytes.writeUInt16BE(STATE_COOKIE, HEADERS)
    bytes.writeUInt16BE(parameter, HEADERS + 2)
    cookie.copy(bytes, HEADERS + 4)
  }
  bytes.writeUInt32LE(crc32c(bytes), 8)
  return bytes
}

/** null: another chunk, or cut short */
export const decodeSctp = (bytes: Buffer): SctpPacket | null => {
  if (bytes.length < HEADERS) return null
  const type = bytes[12] === chunkTypes.INIT ? 'INIT' : bytes[12] === chunkTypes['INIT ACK'] ? 'INIT ACK' : null
  if (type === null) return null
  const length = bytes.length < HEADERS + 4 ? 0 : bytes.readUInt16BE(HEADERS + 2)
  return {
    type,
    sourcePort: bytes.readUInt16BE(0),
    port: bytes.readUInt16BE(2),
    verificationTag: bytes.readUInt32BE(4),
    initiateTag: bytes.readUInt32BE(16),
    cookie: bytes.toString('utf8', HEADERS + 4, HEADERS + length),
  }
}

/** Puts an IP header in front (IP_HDRINCL); the kernel fills in IPv4's checksum. */
export const withIpHeader = (from: string, to: string, payload: Buffer): Buffer => {
  const source = Buffer.from(addressBytes(from), 'latin1')
  const destination = Buffer.from(addressBytes(to), 'latin1')
  const header = source.length === 4 ? ipv4Header(payload.length) : ipv6Header(payload.length)
  return Buffer.concat([header, source, destination, payload])
}

const SCTP = 132

const ipv4Header = (length: number): Buffer => {
  const header = Buffer.alloc(12)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + length, 2)
  header.writeUInt8(64, 8)
  header.writeUInt8(SCTP, 9)
  return header
}

const ipv6Header = (length: number): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(length, 4)
  header.writeUInt8(SCTP, 6)
  header.writeUInt8(64, 7)
  return header
}

/** Castagnoli, reflected (RFC 9260, appendix A). Bit by bit: a few packets of a hundred bytes. */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}
