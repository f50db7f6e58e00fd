import { execFileSync } from 'node:child_process'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { filterRules, natRules, sixed } from '../../../test/support/iptables-rules.ts'
import { loadLibc } from '../libc.ts'
import { enterPrivateNetwork } from '../namespace.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import { NetlinkSocket } from '../netlink/socket.ts'
import { NETLINK_NETFILTER } from '../netlink/wire.ts'
import { Transactions } from '../nftables/transactions.ts'
import { type BlocksOptions, NftRestore } from './nft-restore.ts'
import type { IptablesFamily, RestoreBlock } from './types.ts'

let restore: NftRestore
beforeAll(async () => {
  await enterPrivateNetwork()
  const libc = await loadLibc()
  const socket = (): NetlinkSocket => new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER })
  restore = new NftRestore(new Transactions(socket()), new NetlinkRequests(socket()))
})
beforeEach(() => void execFileSync('nft', ['flush', 'ruleset']))

const commands = { ip: 'iptables-nft', ip6: 'ip6tables-nft' } as const

const program = (family: IptablesFamily, text: string): void =>
  void execFileSync(`${commands[family]}-restore`, ['--noflush'], { input: text })

const saved = (family: IptablesFamily, table: string): string[] =>
  execFileSync(`${commands[family]}-save`, ['-t', table], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^(-A|:)/.test(line))

/** What nft, which did not write them, has to say of them. */
const listed = (family: IptablesFamily, table: string): string =>
  execFileSync('nft', ['list', 'table', family, table], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

const block = (family: IptablesFamily, text: string): RestoreBlock => {
  const [head = '', ...lines] = text.trim().split('\n')
  return { family, table: head.slice(1), lines: lines.filter((line) => line !== 'COMMIT') }
}

const never: BlocksOptions = { byProgram: () => Promise.reject(new Error('left to the program')) }

describe.each(['ip', 'ip6'] as const)('%s', (family) => {
  const texts = [natRules, filterRules].map((text) => (family === 'ip' ? text : sixed(text)))

  test('every kind of rule is as if iptables-nft-restore had written it', async () => {
    for (const text of texts) program(family, text)
    const expected = ['nat', 'filter'].map((table) => saved(family, table))
    execFileSync('nft', ['flush', 'ruleset'])
    await restore.blocks(
      texts.map((text) => block(family, text)),
      never,
    )
    expect(['nat', 'filter'].map((table) => saved(family, table))).toEqual(expected)
    expect(listed(family, 'nat')).toMatch(/type nat hook prerouting priority dstnat; policy accept;/)
    // and the program goes on where we ended
    for (const text of texts) program(family, text)
    const jumps = saved(family, 'nat').filter((line) => line.startsWith('-A PREROUTING'))
    expect(jumps).toHaveLength(2)
  })

  test('rules are deleted by their text, put first or last, chains emptied and removed', async () => {
    const [nat = ''] = texts
    program(family, nat)
    const before = saved(family, 'nat')
    const own = before.filter((line) => line.startsWith('-A KUBE-SEP-A')).map((line) => line.slice('-A '.length))
    const lines = [
      ':KUBE-NEW - [0:0]',
      ...own.slice(0, 2).map((rule) => `-D ${rule}`),
      '-I KUBE-SEP-A -j KUBE-NEW',
      '-A KUBE-SEP-A -j KUBE-MARK-MASQ',
      ':KUBE-MARK-MASQ - [0:0]',
    ]
    await restore.blocks([{ family, table: 'nat', lines }], never)
    const rules = saved(family, 'nat').filter((line) => line.startsWith('-A KUBE-SEP-A'))
    expect(rules).toEqual([
      '-A KUBE-SEP-A -j KUBE-NEW',
      ...own.slice(2).map((rule) => `-A ${rule}`),
      '-A KUBE-SEP-A -j KUBE-MARK-MASQ',
    ])
    await restore.blocks(
      [
        { family, table: 'nat', lines: ['-D KUBE-SEP-A -j KUBE-NEW', ':KUBE-NEW - [0:0]', '-X KUBE-NEW'] },
        { family, table: 'nat', lines: [':KUBE-SEP-A - [0:0]'] },
      ],
      never,
    )
    const after = saved(family, 'nat')
    expect(after).not.toContain(':KUBE-NEW - [0:0]')
    expect(after.filter((line) => line.startsWith('-A KUBE-SEP-A'))).toEqual([])
  })
})

test.each([
  ['a rule that is not there', '-D KUBE-A -j KUBE-B', 'ENOENT'],
  ['a chain that is not there', '-A KUBE-A -j KUBE-GONE', 'ENOENT'],
  ['a chain that is there', '-N KUBE-A', 'EEXIST'],
  ['a chain that is in use', '-X KUBE-B', 'EBUSY'],
])('%s: nothing of its block is done, the line is named, and how many blocks were', async (_, line, errno) => {
  program('ip', '*nat\n:KUBE-A - [0:0]\n:KUBE-B - [0:0]\n-A KUBE-A -p tcp -j KUBE-B\nCOMMIT\n')
  const wanted = restore.blocks(
    [
      { family: 'ip', table: 'nat', lines: ['-A KUBE-A -p udp -j KUBE-B'] },
      { family: 'ip', table: 'nat', lines: ['-A KUBE-A -p sctp -j KUBE-B', line] },
    ],
    never,
  )
  await expect(wanted).rejects.toMatchObject({ name: 'RestoreError', errno, done: 1 })
  await expect(wanted).rejects.toThrow(line)
  expect(saved('ip', 'nat').filter((one) => one.startsWith('-A'))).toEqual([
    '-A KUBE-A -p tcp -j KUBE-B',
    '-A KUBE-A -p udp -j KUBE-B',
  ])
})

test('the policy of a chain of the kernel stays, and a block with a line that is not known is left to the program', async () => {
  program('ip', '*filter\n:FORWARD DROP [0:0]\nCOMMIT\n')
  const left: RestoreBlock[] = []
  await restore.blocks(
    [
      { family: 'ip', table: 'filter', lines: ['-A FORWARD -j ACCEPT'] },
      { family: 'ip', table: 'filter', lines: ['-A FORWARD -m length --length 1:9 -j ACCEPT'] },
      { family: 'ip', table: 'filter', lines: ['-A FORWARD -p tcp -j ACCEPT'] },
    ],
    { byProgram: async (blocks) => void left.push(...blocks) },
  )
  expect(left.map(({ lines }) => lines)).toEqual([['-A FORWARD -m length --length 1:9 -j ACCEPT']])
  expect(
    saved('ip', 'filter')
      .filter((line) => line.includes('FORWARD'))
      .map((line) => line.replace(/\[.*/, '')),
  ).toEqual([':FORWARD DROP ', '-A FORWARD -j ACCEPT', '-A FORWARD -p tcp -j ACCEPT'])
})

describe('blocks so large that each is encoded while the kernel is at work on the one before', () => {
  const large = (name: string, ...more: readonly string[]): RestoreBlock => {
    const chains = Array.from({ length: 2_000 }, (_, i) => `KUBE-${name}-${i}`)
    const lines = chains.flatMap((chain) => [`:${chain} - [0:0]`, `-A ${chain} -p tcp -j RETURN`])
    return { family: 'ip', table: 'nat', lines: [...lines, ...more] }
  }
  const present = (): string[] =>
    ['A', 'B', 'C'].filter((name) =>
      saved('ip', 'nat').some((line) => line === `-A KUBE-${name}-1999 -p tcp -j RETURN`),
    )

  test('one fails: those after it are not begun', async () => {
    const wanted = restore.blocks([large('A'), large('B', '-A KUBE-B-0 -j KUBE-GONE'), large('C')], never)
    await expect(wanted).rejects.toMatchObject({ errno: 'ENOENT', done: 1, line: '-A KUBE-B-0 -j KUBE-GONE' })
    expect(present()).toEqual(['A'])
  })

  test('one is left to the program: in its turn', async () => {
    const turns: string[][] = []
    const byProgram = async (): Promise<void> => void turns.push(present())
    await restore.blocks([large('A'), large('B', '-A KUBE-B-0 -m length --length 1:9'), large('C')], { byProgram })
    expect(turns).toEqual([['A']])
    expect(present()).toEqual(['A', 'C'])
  })
})
