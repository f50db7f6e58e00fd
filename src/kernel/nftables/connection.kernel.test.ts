import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { nft, useOwnNftables } from '../../../test/support/own-nftables.ts'
import { TABLE } from '../../../test/support/sample-ruleset.ts'
import { plainSet } from './plain-set.ts'
import type { NftElement, Nftables } from './types.ts'

let nftables: Nftables
const table = { family: 'ip', table: TABLE } as const

useOwnNftables((opened) => {
  nftables = opened
})

const byKey = (a: NftElement, b: NftElement): number => (a.key < b.key ? -1 : 1)

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
