import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { silent } from '../../util/log.ts'
import { type Libc, loadLibc } from '../libc.ts'
import { enterPrivateNetwork } from '../namespace.ts'
import { NFNL_MSG_BATCH_BEGIN } from '../netlink/wire.ts'
import { openIptables } from './open.ts'

let libc: Libc
beforeAll(async () => {
  await enterPrivateNetwork()
  libc = await loadLibc()
})

test('the event loop never waits for a transaction of nf_tables, however short: the kernel walks the whole table for it', async () => {
  const now: number[] = []
  const inThread: number[] = []
  const typeOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint16(4, true)
  const noted: Libc = {
    ...libc,
    send: (fd, bytes, length, flags) => (now.push(typeOf(bytes)), libc.send(fd, bytes, length, flags)),
    sendInThread: (fd, bytes, length, flags) => (
      inThread.push(typeOf(bytes)), libc.sendInThread(fd, bytes, length, flags)
    ),
  }
  await using iptables = await openIptables({ libc: noted, log: silent, backEnd: 'nft' })
  await iptables.restore([{ family: 'ip', table: 'nat', lines: [':EK-ONE - [0:0]', '-A EK-ONE -j RETURN'] }])
  expect(execFileSync('iptables-nft-save', ['-t', 'nat'], { encoding: 'utf8' })).toContain('-A EK-ONE -j RETURN')
  expect(now).not.toContain(NFNL_MSG_BATCH_BEGIN)
  expect(inThread).toEqual([NFNL_MSG_BATCH_BEGIN])
})
