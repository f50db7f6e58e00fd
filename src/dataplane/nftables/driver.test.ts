import { describe, expect, test } from 'vitest'
import { frontend } from '../../../test/support/frontends.ts'
import { fresh, shards, start, withoutSlots } from '../../../test/support/nftables-reconciling.ts'
import { planOf } from '../../../test/support/reconciling.ts'
import { fakeKernel, type FakeKernel } from '../../kernel/nftables/fake.ts'
import type { FakeTable } from '../../kernel/nftables/fake-ruleset.ts'
import type { NftOperation } from '../../kernel/nftables/types.ts'
import { TABLE } from './objects.ts'

const tableOf = (kernel: FakeKernel): FakeTable | undefined => kernel.ruleset.tables.get(`ip ${TABLE}`)

describe('a plan in the kernel', () => {
  const planned = [
    frontend(1, [1, 2, 3]),
    frontend(2, [2]),
    frontend(3, []),
    frontend(4, [1, 2], { affinitySeconds: 60 }),
  ]

  test('one transaction; a restart makes none and leaves the generation as it was', async () => {
    const kernel = fakeKernel()
    const first = await start(kernel, planned)
    await first.settled()
    expect(kernel.commits).toBe(1)
    await first.reconciler[Symbol.asyncDispose]()
    kernel.restart()
    const { generation } = kernel.ruleset
    const second = await start(kernel, planned)
    await second.settled()
    expect(second.reconciler.status()).toMatchObject({ inSync: 4, lagging: [], extra: 0, strays: 0 })
    expect(kernel.commits).toBe(1)
    expect(kernel.ruleset.generation).toBe(generation)
  })

  test('every frontend gone, nothing of them stays', async () => {
    const kernel = fakeKernel()
    const { reconciler, settled } = await start(kernel, planned)
    await settled()
    reconciler.update(new Map(planned.map(({ key }) => [key, null])))
    await settled()
    expect(kernel.dump()).toBe(await fresh([]))
  })

  test.each(['6.18.0', '6.1.0-26-amd64'])(
    'also on %s, where chains may outlive what leads to them',
    async (release) => {
      const kernel = fakeKernel({ release })
      const { reconciler, settled } = await start(kernel, planned)
      await settled()
      reconciler.update(planOf(frontend(1, [4]), frontend(4, [2, 3], { affinitySeconds: 60 })))
      reconciler.update(new Map([[frontend(2, []).key, null]]))
      await settled()
      const left = [frontend(1, [4]), frontend(3, []), frontend(4, [2, 3], { affinitySeconds: 60 })]
      expect(withoutSlots(kernel.dump())).toBe(withoutSlots(await fresh(left, { release })))
      reconciler.update(new Map(left.map(({ key }) => [key, null])))
      await settled()
      expect(kernel.dump()).toBe(await fresh([], { release }))
    },
  )

  test('remove leaves other tables alone', async () => {
    const kernel = fakeKernel()
    kernel.interfere([{ op: 'add-table', family: 'ip', table: 'kube-proxy' }])
    const { driver, settled, reconciler } = await start(kernel, planned)
    await settled()
    await reconciler[Symbol.asyncDispose]()
    await driver.remove()
    await driver.remove()
    expect(kernel.dump()).toBe('table ip kube-proxy')
  })

  test('what an unknown version left in a table of our name is removed', async () => {
    const kernel = fakeKernel()
    const chain = { name: 'old', hook: null, comment: '' }
    const rule = {
      expressions: [{ name: 'verdict', verdict: { verdict: 'jump', chain: 'older' } } as const],
      comment: '',
    }
    kernel.interfere([
      { op: 'add-table', family: 'ip', table: TABLE },
      { op: 'add-chain', family: 'ip', table: TABLE, chain },
      { op: 'add-chain', family: 'ip', table: TABLE, chain: { ...chain, name: 'older' } },
      { op: 'add-rule', family: 'ip', table: TABLE, chain: 'old', rule },
      { op: 'add-counter', family: 'ip', table: TABLE, counter: { name: 'odd', comment: '' } },
    ])
    const { settled } = await start(kernel, planned)
    await settled()
    expect(kernel.dump()).toBe(await fresh(planned))
  })

  test('a set that another version made with other keys: everything is made anew', async () => {
    const kernel = fakeKernel()
    const first = await start(kernel, planned)
    await first.settled()
    const wanted = kernel.dump()
    await first.reconciler[Symbol.asyncDispose]()
    kernel.restart()
    const sets = tableOf(kernel)?.sets
    const spec = sets?.get('refused')?.spec
    if (!sets || !spec) throw new Error('no such set')
    sets.set('refused', { spec: { ...spec, key: ['ipv4_addr'] }, elements: new Map(), packets: new Map(), uses: 0 })
    const second = await start(kernel, planned)
    await second.settled()
    expect(kernel.dump()).toBe(wanted)
    expect(second.reconciler.status()).toMatchObject({ inSync: 4, lagging: [] })
  })

  test('a comment that another version wrote is no reason to write', async () => {
    const kernel = fakeKernel()
    const first = await start(kernel, planned)
    await first.settled()
    await first.reconciler[Symbol.asyncDispose]()
    kernel.restart()
    const comment = 'of old'
    for (const table of kernel.ruleset.tables.values()) {
      table.comment = comment
      for (const [name, chain] of table.chains)
        if (chain.spec.hook) table.chains.set(name, { ...chain, spec: { ...chain.spec, comment } })
      for (const [name, set] of table.sets) table.sets.set(name, { ...set, spec: { ...set.spec, comment } })
      for (const [name, counter] of table.counters)
        table.counters.set(name, { ...counter, spec: { ...counter.spec, comment } })
    }
    const second = await start(kernel, planned)
    await second.settled()
    expect(kernel.commits).toBe(1)
    expect(second.reconciler.status()).toMatchObject({ inSync: 4, lagging: [], strays: 0 })
  })
})

describe('counters', () => {
  test('outlive the elements that counted', async () => {
    const kernel = fakeKernel()
    const { driver, reconciler, settled } = await start(kernel, [frontend(1, [1])])
    await settled()
    const hit = (): void => {
      for (const { name: table, sets } of shards(kernel))
        for (const [name, set] of sets) for (const key of set.packets.keys()) kernel.hit('ip', table, name, key, 5)
    }
    hit()
    reconciler.update(planOf(frontend(1, [1, 2])))
    await settled()
    hit()
    const { backends } = await driver.counters()
    const counts = new Map(backends.map(({ address, connections }) => [address, connections]))
    expect(counts).toEqual(
      new Map([
        ['10.1.0.1', 10],
        ['10.1.0.2', 5],
      ]),
    )
    expect(backends[0]?.frontend).toBe('10.96.0.1:80/TCP')
  })

  test('are left out where they cost too much, and a restart does not mind', async () => {
    const kernel = fakeKernel({ possibleCpus: 1 << 24 })
    const { settled, reconciler, driver } = await start(kernel, [frontend(1, [1])])
    await settled()
    expect(shards(kernel).flatMap(({ sets }) => [...sets.values()].filter(({ spec }) => spec.counter))).toEqual([])
    expect((await driver.counters()).backends).toEqual([])
    await reconciler[Symbol.asyncDispose]()
    kernel.restart()
    const again = await start(kernel, [frontend(1, [1])])
    await again.settled()
    expect(kernel.commits).toBe(1)
  })
})

describe('foreign changes are repaired', () => {
  const planned = [frontend(1, [1, 2]), frontend(2, [3])]
  const chainOf = (kernel: FakeKernel): { table: string; chain: string } => {
    for (const { name: table, chains } of shards(kernel))
      for (const chain of chains.keys()) if (chain.startsWith('f-')) return { table, chain }
    throw new Error('no frontend')
  }
  const cases: Record<string, (kernel: FakeKernel) => NftOperation[]> = {
    'an element deleted': (kernel) => {
      const [shard] = shards(kernel)
      const set = shard?.sets.get('services')
      const [element] = set?.elements.values() ?? []
      if (!shard || !set || !element) throw new Error('no element')
      return [{ op: 'delete-elements', family: 'ip', table: shard.name, set: set.spec, elements: [element] }]
    },
    'a chain flushed': (kernel) => [{ op: 'flush-chain', family: 'ip', ...chainOf(kernel) }],
    'a rule added': (kernel) => {
      const rule = { expressions: [{ name: 'verdict', verdict: { verdict: 'drop' } } as const], comment: 'mine' }
      return [{ op: 'add-rule', family: 'ip', ...chainOf(kernel), rule }]
    },
    'a table deleted': () => [{ op: 'delete-table', family: 'ip', table: TABLE }],
    'a shard deleted': (kernel) => [{ op: 'delete-table', family: 'ip', table: chainOf(kernel).table }],
    'both tables deleted': () => [
      { op: 'delete-table', family: 'ip', table: TABLE },
      { op: 'delete-table', family: 'ip6', table: TABLE },
    ],
  }
  test.each(Object.keys(cases))('%s', async (name) => {
    const kernel = fakeKernel()
    const { clock, settled } = await start(kernel, planned)
    await settled()
    const before = kernel.dump()
    kernel.interfere(cases[name]?.(kernel) ?? [])
    expect(kernel.dump()).not.toBe(before)
    await clock.advance(100)
    expect(kernel.dump()).toBe(before)
  })
})
