import { expect, test } from 'vitest'
import type { Libc } from '../libc.ts'
import { NetlinkSocket } from './socket.ts'

const FD = 7

/** Sends end when they are told to; everything else succeeds. */
const fakeLibc = () => {
  const sends: ((sent: number) => void)[] = []
  const closed: number[] = []
  const programs: { address: bigint; bytes: Uint8Array }[] = []
  const libc: Libc = {
    socket: () => FD,
    bind: () => 0,
    getsockname: () => 0,
    setsockopt: (_fd, _level, option, bytes) => {
      if (option === 26) programs.push({ address: Buffer.from(bytes).readBigUInt64LE(8), bytes })
      return 0
    },
    getsockopt: () => 0,
    send: (_fd, _bytes, length) => length,
    sendInThread: () => new Promise((resolve) => void sends.push(resolve)),
    recv: () => -1,
    close: (fd) => closed.push(fd),
    bpf: () => -1,
    addressOf: () => 0x1000n,
    unshare: () => 0,
    errno: () => 11,
    whenReadable: () => () => {},
  }
  return { libc, sends, closed, programs }
}

test('a descriptor is given back when the last thread has sent, once', async () => {
  const { libc, sends, closed } = fakeLibc()
  const socket = new NetlinkSocket(libc, { protocol: 12, threadFrom: 0 })
  const sent = [socket.send(Buffer.alloc(16), 'test'), socket.send(Buffer.alloc(16), 'test')]
  socket[Symbol.dispose]()
  sends[0]?.(16)
  await sent[0]
  expect(closed).toEqual([])
  sends[1]?.(16)
  await sent[1]
  socket[Symbol.dispose]()
  expect(closed).toEqual([FD])
})

test('without threads it is given back at once', () => {
  const { libc, closed } = fakeLibc()
  new NetlinkSocket(libc, { protocol: 12 })[Symbol.dispose]()
  expect(closed).toEqual([FD])
})

test('the filter lies in the memory that the call holds', () => {
  const { libc, programs } = fakeLibc()
  using socket = new NetlinkSocket(libc, { protocol: 12, deafTo: 1 })
  expect(socket.portId).toBe(0)
  expect(programs).toHaveLength(1)
  const { address, bytes } = programs[0] as (typeof programs)[0]
  expect(Number(address - 0x1000n) + Buffer.from(bytes).readUInt16LE(0) * 8).toBe(bytes.length)
})
