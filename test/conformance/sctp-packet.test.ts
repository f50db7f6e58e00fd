import { expect, test } from 'vitest'
import { crc32c, decodeSctp, encodeSctp, type SctpPacket } from './sctp-packet.ts'

test('crc32c gives the check value of the standard', () => {
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283')
})

test.each<SctpPacket>([
  { type: 'INIT', sourcePort: 40_000, port: 80, verificationTag: 0, initiateTag: 7, cookie: '' },
  { type: 'INIT ACK', sourcePort: 80, port: 40_000, verificationTag: 7, initiateTag: 9, cookie: '{"a":1}' },
])('$type is read as it was written', (packet) => {
  expect(decodeSctp(encodeSctp(packet))).toEqual(packet)
})

test('a packet that is cut short is none', () => {
  expect(decodeSctp(Buffer.alloc(20))).toBeNull()
})
