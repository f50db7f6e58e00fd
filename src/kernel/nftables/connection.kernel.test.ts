import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { plainSet, sample, TABLE } from '../../../test/support/sample-ruleset.ts'
import { silent } from '../../util/log.ts'
import { openKernel } from '../index.ts'
import { enterPrivateNetwork } from '../namespace.ts'
import { equalExpressions } from './compare.ts'
import type { NftElement, NftExpr, NftFamily, Nftables, NftOperation } from './types.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
let nftables: Nftables
const nft = (...args: readonly string[]): string => execFileSync('nft', args, { encoding: 'utf8' })
const table = { family: 'ip', table: TABLE } as const

beforeAll(async () => {
  await enterPrivateNetwork()
  nftables = await (await openKernel()).nftables(silent)
})
afterEach(() => nft('flush', 'ruleset'))
afterAll(() => nftables[Symbol.asyncDispose]())

const byKey = (a: NftElement, b: NftElement): number => (a.key < b.key ? -1 : 1)
const withoutCounts = (element: NftElement): object =>
  Object.fromEntries(Object.entries(element).filter(([field]) => field !== 'packets'))
const sorted = (elements: readonly NftElement[]): object[] => [...elements].sort(byKey).map(withoutCounts)

/** nft chooses registers of its own, and counts go on. */
const withoutRegisters = (expression: NftExpr): object =>
  Object.fromEntries(Object.entries(expression).filter(([field]) => !/reg$|^sregKey$|Reg$|packets|bytes/.test(field)))

/** A table as our dumps tell it, in an order of its own. */
async function read(family: NftFamily): Promise<object> {
  const sets = await nftables.sets(family, TABLE)
  const elements = await Promise.all(sets.map((set) => nftables.elements(family, TABLE, set)))
  return {
    chains: [...(await nftables.chains(family, TABLE))].sort((a, b) => (a.name < b.name ? -1 : 1)),
    rules: (await nftables.rules(family, TABLE)).map(({ chain, rule }) => ({
      chain,
      comment: rule.comment,
      // nft puts a conversion of one byte, which changes nothing, behind `meta l4proto` at the head of a concatenation.
      expressions: rule.expressions
        .filter((expression) => !('kernelName' in expression && expression.kernelName === 'byteorder'))
        .map(withoutRegisters),
    })),
    sets: sets
      .map((set, index) => ({ set, elements: sorted(elements[index] ?? []) }))
      .sort((a, b) => (a.set.name < b.set.name ? -1 : 1)),
    counters: (await nftables.counters(family, TABLE)).map(({ name, comment }) => ({ name, comment })),
  }
}

describe.each(['ip', 'ip6'] as const)('a %s table with everything', (family) => {
  const { operations, sets, rules } = sample(family)

  test('reads back as it was written', async () => {
    await nftables.transaction(operations)
    const dumped = await nftables.sets(family, TABLE)
    expect([...dumped].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      sets.map(({ set }) => set).sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
    for (const { set, elements } of sets) {
      const found = await nftables.elements(family, TABLE, set)
      expect({ set: set.name, elements: sorted(found) }).toEqual({ set: set.name, elements: sorted(elements) })
    }
    for (const chain of new Set(rules.map((rule) => rule.chain))) {
      const found = await nftables.rules(family, TABLE, chain)
      const wanted = rules.filter((rule) => rule.chain === chain)
      expect(found.map(({ rule }) => rule.comment)).toEqual(wanted.map(({ rule }) => rule.comment))
      for (const [index, { rule }] of wanted.entries())
        for (const [place, expression] of rule.expressions.entries()) {
          const there = found[index]?.rule.expressions[place]
          // Equal but for names of registers: else the two are shown.
          if (!there || !equalExpressions(expression, there)) expect(there).toEqual(expression)
        }
    }
  })

  test('lists in nft as the golden file says, and what nft lists loads to the same', async () => {
    await nftables.transaction(operations)
    const listing = nft('list', 'table', family, TABLE)
    await expect(withSortedElements(listing)).toMatchFileSnapshot(`golden/sample.${family}.nft`)
    const before = await read(family)
    nft('delete', 'table', family, TABLE)
    execFileSync('nft', ['-f', '-'], { input: listing })
    expect(await read(family)).toEqual(before)
  })
})

/** Hash order differs from run to run. */
const withSortedElements = (listing: string): string =>
  listing.replace(/elements = \{([^}]*)\}/g, (_, inside: string) => {
    const elements = inside.split(',').map((element) => element.trim())
    return `elements = { ${elements.sort().join(', ')} }`
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

test('a deleted element of a counted map is told with its last count', async () => {
  const set = { ...plainSet('counted', ['inet_service']), data: ['ipv4_addr', 'inet_service'], counter: true } as const
  await nftables.transaction([
    { op: 'add-table', ...table },
    { op: 'add-set', ...table, set },
  ])
  nft('add', 'element', 'ip', TABLE, 'counted', '{ 80 counter packets 7 bytes 420 : 10.0.0.1 . 8080 }')
  const elements = [{ key: '\0\x50' }]
  const { deleted } = await nftables.transaction([{ op: 'delete-elements', ...table, set, elements }])
  const data = '\x0a\0\0\x01\x1f\x90\0\0'
  expect(deleted).toEqual([{ ...table, set: 'counted', element: { key: '\0\x50', data, packets: 7 } }])
})

test('100,000 elements go in one transaction and come back, while the event loop lives', async () => {
  const set = {
    ...plainSet('many', ['ipv4_addr', 'inet_service']),
    data: ['ipv4_addr', 'inet_service'],
    counter: true,
  } as const
  const elements = Array.from({ length: 100_000 }, (_, i) => {
    const address = String.fromCharCode(10, i >>> 16, (i >>> 8) & 0xff, i & 0xff)
    return { key: `${address}\0\x50\0\0`, data: `${address}\x1f\x90\0\0` }
  })
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await nftables.transaction([
    { op: 'add-table', ...table },
    { op: 'add-set', ...table, set },
    { op: 'add-elements', ...table, set, elements },
  ])
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
  const found = [...(await nftables.elements('ip', TABLE, set))].sort(byKey)
  expect(found.length).toBe(elements.length)
  expect(found.findIndex((element, i) => element.key !== elements[i]?.key || element.data !== elements[i]?.data)).toBe(
    -1,
  )
  const { deleted } = await nftables.transaction([
    { op: 'delete-elements', ...table, set, elements: elements.slice(0, 20_000) },
  ])
  expect(deleted.length).toBe(20_000)
})

test('a dump that changes interrupt is consistent or begun again', async () => {
  const set = plainSet('pairs', ['ipv4_addr'])
  const key = (i: number): string => String.fromCharCode(10, i >>> 16, (i >>> 8) & 0xff, i & 0xff)
  const elements = Array.from({ length: 30_000 }, (_, i) => ({ key: key(i) }))
  await nftables.transaction([
    { op: 'add-table', ...table },
    { op: 'add-set', ...table, set },
    { op: 'add-elements', ...table, set, elements },
  ])
  // Each transaction takes one away and brings one: a consistent dump always has as many.
  let next = 30_000
  const change = async (): Promise<void> => {
    for (let i = 0; i < 30; i++, next++)
      await nftables.transaction([
        { op: 'delete-elements', ...table, set, elements: [{ key: key(next - 30_000) }] },
        { op: 'add-elements', ...table, set, elements: [{ key: key(next) }] },
      ])
  }
  const [found] = await Promise.all([nftables.elements('ip', TABLE, set), change()])
  expect(new Set(found.map((element) => element.key)).size).toBe(30_000)
})

/** An emulated machine is slow. */
const PATIENCE = { timeout: 20_000 }

describe('watching', () => {
  const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const watch = async (): Promise<{ events: string[]; own: Nftables } & AsyncDisposable> => {
    const own = await (await openKernel()).nftables(silent)
    const events: string[] = []
    own.watch(TABLE, ({ kind, what }) => events.push(`${kind}: ${what.replace(/ by port \d+$/, '')}`))
    return { events, own, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() }
  }

  test('others are reported, our own transactions and other tables are not', async () => {
    await using watched = await watch()
    await watched.own.transaction([{ op: 'add-table', ...table }])
    nft('add', 'table', 'ip', 'other')
    await later(60)
    expect(watched.events).toEqual([])
    nft('add', 'chain', 'ip', TABLE, 'theirs')
    await vi.waitFor(() => expect(watched.events).toEqual([`changed: add chain in ip ${TABLE}`]), PATIENCE)
    nft('flush', 'ruleset')
    await vi.waitFor(() => expect(watched.events.slice(1)).toEqual([`changed: delete chain in ip ${TABLE}`]), PATIENCE)
  })

  test('a large transaction of our own is silent; what others did meanwhile is not missed', async () => {
    await using watched = await watch()
    const set = plainSet('s', ['ipv4_addr'])
    const elements = Array.from({ length: 50_000 }, (_, i) => ({
      key: String.fromCharCode(10, i >>> 16, (i >>> 8) & 0xff, i & 0xff),
    }))
    const operations: readonly NftOperation[] = [
      { op: 'add-table', ...table },
      { op: 'add-set', ...table, set },
      { op: 'add-elements', ...table, set, elements },
    ]
    await watched.own.transaction(operations)
    await later(60)
    expect(watched.events).toEqual([])
    const large = watched.own.transaction([{ op: 'delete-elements', ...table, set, elements }])
    await nftables.transaction([{ op: 'add-chain', ...table, chain: { name: 'theirs', hook: null, comment: '' } }])
    await large
    await vi.waitFor(() => expect(watched.events.length).toBeGreaterThan(0), PATIENCE)
  })

  test('large transactions of our own that overlap, and a small one beside them, are silent', async () => {
    await using watched = await watch()
    const sets = ['a', 'b', 'c'].map((name) => plainSet(name, ['ipv4_addr']))
    await watched.own.transaction([
      { op: 'add-table', ...table },
      ...sets.map((set): NftOperation => ({ op: 'add-set', ...table, set })),
    ])
    const elements = Array.from({ length: 20_000 }, (_, i) => ({
      key: String.fromCharCode(10, i >>> 16, (i >>> 8) & 0xff, i & 0xff),
    }))
    await Promise.all([
      ...sets.map((set) => watched.own.transaction([{ op: 'add-elements', ...table, set, elements }])),
      watched.own.transaction([{ op: 'add-chain', ...table, chain: { name: 'ours', hook: null, comment: '' } }]),
    ])
    await later(100)
    expect(watched.events).toEqual([])
  })

  test('a foreign ruleset of 100,000 elements is a few reports, not thousands', async () => {
    await using watched = await watch()
    const set = plainSet('s', ['ipv4_addr'])
    const elements = Array.from({ length: 100_000 }, (_, i) => ({
      key: String.fromCharCode(10, i >>> 16, (i >>> 8) & 0xff, i & 0xff),
    }))
    await nftables.transaction([
      { op: 'add-table', ...table },
      { op: 'add-set', ...table, set },
      { op: 'add-elements', ...table, set, elements },
    ])
    await vi.waitFor(() => expect(watched.events.length).toBeGreaterThan(0), PATIENCE)
    await later(600)
    expect(watched.events.length).toBeLessThan(10)
  })
})

describe('a process that has open connections', () => {
  const run = (end: string): string => {
    const script = `
      const { openKernel } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)})
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const kernel = await openKernel()
      const nftables = await kernel.nftables(log)
      nftables.watch('evenkeel', () => {})
      const addresses = await kernel.addresses(() => {})
      const conntrack = await kernel.conntrack(log)
      await nftables.transaction([{ op: 'add-table', family: 'ip', table: 'exits' }])
      console.log('made')
      ${end}`
    return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 120_000 })
  }
  test.each([
    ['ends by itself', ''],
    [
      'ends by itself after closing them',
      'for (const c of [nftables, addresses, conntrack]) await c[Symbol.asyncDispose]()',
    ],
    ['ends by process.exit', 'process.exit(0)'],
    [
      'ends by process.exit with work in flight',
      `for (let i = 0; i < 50; i++) nftables.transaction([{ op: 'add-table', family: 'ip', table: 'exits' }]).catch(() => {})
       nftables.chains('ip', 'exits').catch(() => {}); conntrack.deleteFlows([{ protocol: 'UDP', address: null, port: 9, backend: null }]).catch(() => {})
       setImmediate(() => process.exit(0))`,
    ],
  ])('%s', (_, end) => {
    expect(run(end)).toBe('made\n')
  })
})

test('the golden files hold no slot that prints as another', () => {
  const listing = readFileSync(fileURLToPath(new URL('golden/sample.ip.nft', import.meta.url)), 'utf8')
  for (const slot of ['tcp . 80 . 0', 'tcp . 80 . 1', 'tcp . 80 . 2', 'tcp . 80 . 32768'])
    expect(listing).toContain(slot)
})
