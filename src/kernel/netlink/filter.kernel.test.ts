import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { loadLibc } from '../libc.ts'
import { enterPrivateNetwork } from '../namespace.ts'
import { Transactions } from '../nftables/transactions.ts'
import { NFNLGRP_NFTABLES } from '../nftables/wire.ts'
import { NetlinkSocket } from './socket.ts'
import { NETLINK_NETFILTER } from './wire.ts'

beforeAll(() => enterPrivateNetwork())

test('the kernel keeps what one port did from a socket that is deaf to it', async () => {
  const libc = await loadLibc()
  using sender = new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER })
  using deaf = new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER, deafTo: sender.portId })
  using hears = new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER })
  for (const socket of [deaf, hears]) socket.join(NFNLGRP_NFTABLES)
  await new Transactions(sender).run([{ op: 'add-table', family: 'ip', table: 'ek-deaf', comment: '' }])
  expect(hears.receive('test')).not.toBeNull()
  expect(deaf.receive('test')).toBeNull()
  execFileSync('nft', ['add', 'chain', 'ip', 'ek-deaf', 'theirs'])
  expect(deaf.receive('test')).not.toBeNull()
})
