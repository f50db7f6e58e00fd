import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { filterRules, natRules, sixed } from '../../../test/support/iptables-rules.ts'
import { loadLibc } from '../libc.ts'
import { enterPrivateNetwork } from '../namespace.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import { NetlinkSocket } from '../netlink/socket.ts'
import { NETLINK_NETFILTER } from '../netlink/wire.ts'
import { readNftTable } from './nft-tables.ts'
import { SaveReader, saveText } from './save.ts'
import type { IptablesFamily, SavedTable } from './types.ts'

let requests: NetlinkRequests
beforeAll(async () => {
  await enterPrivateNetwork()
  requests = new NetlinkRequests(new NetlinkSocket(await loadLibc(), { protocol: NETLINK_NETFILTER }))
})

const commands = { ip: 'iptables-nft', ip6: 'ip6tables-nft' } as const

/** what iptables-nft-save makes of it */
const printed = (family: IptablesFamily, table: string): readonly SavedTable[] => {
  const reader = new SaveReader(family, commands[family])
  reader.add(execFileSync(`${commands[family]}-save`, ['-t', table], { encoding: 'utf8' }))
  return reader.finish()
}

const rulesOf = (tables: readonly (SavedTable | null)[]): string[] =>
  saveText(tables.filter((table) => table !== null))
    .split('\n')
    .filter((line) => line.startsWith('-A'))

test.each(['ip', 'ip6'] as const)(
  '%s: rules read over netlink are those that iptables-nft-save prints',
  async (family) => {
    for (const [table, text] of [
      ['nat', natRules],
      ['filter', filterRules],
    ] as const) {
      const input = family === 'ip' ? text : sixed(text)
      execFileSync(`${commands[family]}-restore`, ['--noflush'], { input })
      const read = await readNftTable(requests, { family, table }, () => true)
      expect(rulesOf([read]).sort()).toEqual(rulesOf(printed(family, table)).sort())
      // iptables-nft-save shows the kernel's own chains also where they are not there yet
      const chains = (tables: readonly (SavedTable | null)[]): string[] =>
        tables
          .flatMap((one) => [...(one?.chains.values() ?? [])])
          .flatMap(({ name, policy }) => (policy === null ? [name] : []))
          .sort()
      expect(chains([read])).toEqual(chains(printed(family, table)))
    }
  },
)

test('a rule of another kind: nothing is told where it is needed; elsewhere its target is enough', async () => {
  const place = { family: 'ip', table: 'mangle' } as const
  const rules = [
    ':CNI-X - [0:0]',
    ':KUBE-Y - [0:0]',
    '-A CNI-X -m length --length 1:9 -j KUBE-Y',
    '-A CNI-X -j TTL --ttl-set 9',
  ]
  execFileSync('iptables-nft-restore', ['--noflush'], { input: `*mangle\n${rules.join('\n')}\nCOMMIT\n` })
  expect(await readNftTable(requests, place, () => true)).toBeNull()
  expect(await readNftTable(requests, place, (chain) => chain === 'CNI-X')).toBeNull()
  const read = await readNftTable(requests, place, (chain) => chain === 'KUBE-Y')
  expect(read?.chains.get('CNI-X')?.rules).toEqual([
    { rule: '-j KUBE-Y', packets: 0 },
    { rule: '-j ', packets: 0 },
  ])
  execFileSync('iptables-nft', ['-t', 'mangle', '-A', 'PREROUTING', '-m', 'length', '--length', '1:9', '-j', 'KUBE-Y'])
  expect(await readNftTable(requests, place, (chain) => chain === 'KUBE-Y')).toBeNull()
})
