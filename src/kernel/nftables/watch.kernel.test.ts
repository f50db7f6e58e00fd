import { describe, expect, test, vi } from 'vitest'
import { nft, useOwnNftables } from '../../../test/support/own-nftables.ts'
import { TABLE } from '../../../test/support/sample-ruleset.ts'
import { silent } from '../../util/log.ts'
import { openKernel } from '../index.ts'
import { plainSet } from './plain-set.ts'
import type { Nftables, NftOperation } from './types.ts'

let nftables: Nftables
const table = { family: 'ip', table: TABLE } as const

useOwnNftables((opened) => {
  nftables = opened
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
