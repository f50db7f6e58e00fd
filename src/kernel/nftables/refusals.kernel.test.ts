import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { useOwnNftables } from '../../../test/support/own-nftables.ts'
import { TABLE } from '../../../test/support/sample-ruleset.ts'
import { plainSet } from './plain-set.ts'
import type { NftElement, Nftables, NftOperation } from './types.ts'

let nftables: Nftables
const table = { family: 'ip', table: TABLE } as const

useOwnNftables((opened) => {
  nftables = opened
})

describe('refusals', () => {
  const set = { ...plainSet('web', ['ipv4_addr']), data: 'verdict' } as const
  const accept = { verdict: { verdict: 'accept' } } as const
  const element = (last: number): NftElement => ({ key: `\x0a\0\0${String.fromCharCode(last)}`, ...accept })
  const made: readonly NftOperation[] = [
    { op: 'add-table', ...table },
    { op: 'add-set', ...table, set },
  ]
  const cases: readonly {
    readonly name: string
    readonly operations: readonly NftOperation[]
    readonly says: string | RegExp
  }[] = [
    {
      name: 'a set in no table',
      operations: [{ op: 'add-set', family: 'ip', table: 'nowhere', set }],
      says: 'nftables add set ip nowhere web: ENOENT (no such table)',
    },
    {
      name: 'elements of no set',
      operations: [{ op: 'add-elements', ...table, set: { ...set, name: 'nothing' }, elements: [element(1)] }],
      says: /^nftables add element ip \S+ nothing: ENOENT \(no such (table or )?set\)$/,
    },
    {
      name: 'the third of three elements',
      operations: [
        { op: 'add-elements', ...table, set, elements: [element(1), element(2)] },
        { op: 'delete-elements', ...table, set, elements: [element(1), element(2), element(3)] },
      ],
      says: `nftables delete element ip ${TABLE} web 10.0.0.3: ENOENT (no such element)`,
    },
    {
      name: 'an element that leads to no chain',
      operations: [
        {
          op: 'add-elements',
          ...table,
          set,
          elements: [element(1), { key: '\x0a\0\0\x09', verdict: { verdict: 'goto', chain: 'gone' } }],
        },
      ],
      says: `nftables add element ip ${TABLE} web 10.0.0.9: ENOENT (no such chain gone)`,
    },
    {
      name: 'an element that is there with other data',
      operations: [
        { op: 'add-elements', ...table, set, elements: [element(1)] },
        { op: 'add-elements', ...table, set, elements: [{ key: element(1).key, verdict: { verdict: 'drop' } }] },
      ],
      // EBUSY on 6.1
      says: /^nftables add element ip \S+ web 10\.0\.0\.1: (EEXIST|EBUSY) \(exists with other data\)$/,
    },
    {
      name: 'rules of no chain',
      operations: [{ op: 'flush-chain', ...table, chain: 'gone' }],
      says: `nftables flush chain ip ${TABLE} gone: ENOENT (no such chain)`,
    },
    {
      name: 'a set that is in use',
      operations: [
        { op: 'add-chain', ...table, chain: { name: 'c', hook: null, comment: '' } },
        {
          op: 'add-rule',
          ...table,
          chain: 'c',
          rule: {
            comment: '',
            expressions: [
              { name: 'payload', dreg: 1, base: 'network', offset: 16, len: 4 },
              { name: 'lookup', set: 'web', sreg: 1, dreg: 0, invert: false },
            ],
          },
        },
        { op: 'delete-set', ...table, set },
      ],
      says: `nftables delete set ip ${TABLE} web: EBUSY (still in use)`,
    },
    {
      name: 'a name that netlink cannot carry',
      operations: [{ op: 'add-chain', ...table, chain: { name: 'grüße', hook: null, comment: '' } }],
      says: `nftables add chain ip ${TABLE} grüße: EINVAL ("grüße": names are ASCII)`,
    },
  ]
  test.each(cases)('$name: says so, and nothing of the batch is in force', async ({ operations, says }) => {
    await nftables.transaction(made)
    const generation = await nftables.generation()
    await expect(nftables.transaction(operations)).rejects.toThrow(says)
    expect(await nftables.generation()).toBe(generation)
    expect(await nftables.elements('ip', TABLE, set)).toEqual([])
    expect(await nftables.chains('ip', TABLE)).toEqual([])
  })

  test('tables that are not there', async () => {
    expect(await nftables.tableExists('ip', TABLE)).toBe(false)
    await expect(nftables.elements('ip', TABLE, set)).rejects.toThrow(`nftables list elements ip ${TABLE} web: ENOENT`)
  })

  test('without CAP_NET_ADMIN: says what is needed', () => {
    const script = `
      const { openKernel } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)})
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      await using nftables = await (await openKernel()).nftables(log)
      await nftables.transaction([{ op: 'add-table', family: 'ip', table: 't' }]).catch((error) => console.log(error.message))
      const elements = Array.from({ length: 100_000 }, (_, i) => ({ key: Buffer.from([10, i >> 16, i >> 8, i]).toString('latin1') }))
      const set = ${JSON.stringify(plainSet('s', ['ipv4_addr']))}
      await nftables.transaction([{ op: 'add-elements', family: 'ip', table: 't', set, elements }]).catch((error) => console.log(error.message))`
    const args = ['--bounding-set=-net_admin', process.execPath, '--input-type=module', '-e', script]
    const [small, large] = execFileSync('setpriv', args, { encoding: 'utf8' }).split('\n')
    expect(small).toMatch(/EPERM \(needs CAP_NET_ADMIN\)/)
    expect(large).toMatch(/EPERM|CAP_NET_ADMIN/)
  })
})
