import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frontend, someNode } from '../../../test/support/frontends.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { fakeKernel, type FakeKernel, type FakeKernelOptions } from '../../kernel/nftables/fake.ts'
import type { FakeTable } from '../../kernel/nftables/fake-ruleset.ts'
import type { NftOperation } from '../../kernel/nftables/types.ts'
import type { Frontend } from '../../model/frontend.ts'
import { silent } from '../../util/log.ts'
import { seededRandom } from '../../util/random.ts'
import { Reconciler } from '../reconcile.ts'
import { openNftablesDriver } from './driver.ts'
import { slotBytes } from './elements.ts'
import { nftables } from './index.ts'
import { TABLE, TABLES } from './objects.ts'

const start = async (kernel: FakeKernel, planned: Iterable<Frontend> = []) => {
  const clock = new ManualClock()
  const random = seededRandom('jitter')
  const driver = await openNftablesDriver(kernel, { log: silent })
  const reconciler = new Reconciler({
    nextTurn: () => Promise.resolve(),
    plane: nftables,
    driver,
    node: someNode,
    clock,
    log: silent,
    random: () => random() / 2 ** 32,
  })
  reconciler.update(plan(...planned))
  reconciler.sourcesComplete()
  return { clock, driver, reconciler, settled: () => clock.until(reconciler.settled()) }
}

const plan = (...frontends: Frontend[]): Map<string, Frontend> => new Map(frontends.map((one) => [one.key, one]))

/** A dump without what depends on history: which of its places a backend has, and in which range of slots. */
const withoutSlots = (dump: string): string => {
  let slots = false
  const lines = dump.split('\n').map((line) => {
    if (/^ {2}\S/.test(line)) slots = line.includes('. slot }') || line.includes('. slot :')
    if (!line.startsWith('    ')) return line
    return slots ? line.replace(/^( +\w+)\w{8} : /, '$1* : ') : line.replace(/(numgen [^\]]*offset=)\d+/g, '$1*')
  })
  return lines.join('\n').replace(/(?:\n {4}\w+\* : .*)+/g, (places) => places.split('\n').sort().join('\n'))
}

const fresh = async (planned: Iterable<Frontend>, options: FakeKernelOptions = {}): Promise<string> => {
  const kernel = fakeKernel(options)
  const { settled } = await start(kernel, planned)
  await settled()
  return kernel.dump()
}

/** The tables of frontends with an address. */
const tableOf = (kernel: FakeKernel): FakeTable | undefined => kernel.ruleset.tables.get(`ip ${TABLE}`)

const shards = (kernel: FakeKernel): FakeTable[] =>
  [...kernel.ruleset.tables.values()].filter(({ name }) => name.startsWith(`${TABLE}-`))

/** Frontends that dispatch leads to, each with its distinct backends; throws where a slot that a rule may pick has none. */
const reachable = (kernel: FakeKernel): Map<string, Set<string>> => {
  const result = new Map<string, Set<string>>()
  for (const { name, sets, chains } of kernel.ruleset.tables.values())
    if (TABLES.includes(name)) addReachable(sets, chains, result)
  return result
}

const addReachable = (sets: FakeTable['sets'], chains: FakeTable['chains'], result: Map<string, Set<string>>): void => {
  for (const [key, { verdict }] of sets.get('services')?.elements ?? []) {
    const chain = chains.get(verdict && 'chain' in verdict ? verdict.chain : '')
    const found = new Set<string>()
    for (const { expressions } of chain?.rules ?? []) {
      const numgen = expressions.find((one) => one.name === 'numgen')
      const lookup = expressions.find((one) => one.name === 'lookup' && one.set.includes('-'))
      if (numgen?.name !== 'numgen' || lookup?.name !== 'lookup') continue
      for (let slot = numgen.offset; slot < numgen.offset + numgen.modulus; slot++) {
        const data = sets.get(lookup.set)?.elements.get(key + slotBytes(slot))
        if (!data) throw new Error(`slot ${slot} of ${Buffer.from(key, 'latin1').toString('hex')} leads nowhere`)
        found.add(data.data ?? '')
      }
    }
    result.set(key, found)
  }
}

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
      reconciler.update(plan(frontend(1, [4]), frontend(4, [2, 3], { affinitySeconds: 60 })))
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
    const table = tableOf(kernel)
    for (const [name, chain] of table?.chains ?? [])
      if (chain.spec.hook) table?.chains.set(name, { ...chain, spec: { ...chain.spec, comment: 'of old' } })
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
    reconciler.update(plan(frontend(1, [1, 2])))
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

/** A life with changes of every kind: growing, shrinking, swapping, emptying, removing, coming back. */
const story: readonly (readonly Frontend[])[] = [
  [frontend(1, [1, 2]), frontend(2, [3])],
  [frontend(1, [1, 2, 4]), frontend(2, [3]), frontend(3, [5], { affinitySeconds: 30 })],
  [frontend(1, [1, 5, 4]), frontend(3, [5, 6], { affinitySeconds: 30 })],
  [frontend(1, []), frontend(2, [7]), frontend(3, [6], { affinitySeconds: 30 })],
  [frontend(1, [9]), frontend(2, [7])],
]

const live = async (kernel: FakeKernel, onCommit: (chapter: readonly Frontend[]) => void = () => {}): Promise<void> => {
  let current: readonly Frontend[] = story[0] ?? []
  kernel.onCommit = () => onCommit(current)
  const { clock, reconciler } = await start(kernel, current)
  for (const next of story.slice(1)) {
    await clock.advance(700)
    if (kernel.died) break
    const gone = current
      .filter(({ key }) => !next.some((one) => one.key === key))
      .map(({ key }) => [key, null] as const)
    current = next
    reconciler.update(new Map([...plan(...next), ...gone]))
  }
  await clock.advance(60_000)
  await reconciler[Symbol.asyncDispose]()
}

describe('the process is killed between any two kernel calls', () => {
  const last = story.at(-1) ?? []

  test('a new one converges, and what was reachable and still should be always was', async () => {
    const whole = fakeKernel()
    await live(whole)
    expect(withoutSlots(whole.dump())).toBe(withoutSlots(await fresh(last)))
    const wanted = withoutSlots(await fresh(last))
    const calls = whole.calls
    expect(calls).toBeGreaterThan(20)
    for (let call = 1; call <= calls; call++) {
      for (const effect of ['before', 'after'] as const) {
        const kernel = fakeKernel()
        const faults: string[] = []
        let before = new Map<string, Set<string>>()
        const watch = (planned: readonly Frontend[]): void => {
          const after = reachable(kernel)
          const served = planned.filter(({ sets }) => sets.cluster !== null).length
          if (after.size < Math.min(before.size, served)) faults.push(`${before.size} → ${after.size} of ${served}`)
          before = after
        }
        kernel.dieAt(call, effect)
        await live(kernel, watch).catch(() => {})
        kernel.restart()
        kernel.onCommit = () => watch(last)
        const { settled } = await start(kernel, last)
        await settled()
        expect({ call, effect, faults }).toEqual({ call, effect, faults: [] })
        expect(withoutSlots(kernel.dump())).toBe(wanted)
        expect([...reachable(kernel).values()].map(({ size }) => size).sort()).toEqual([1, 1])
      }
    }
  }, 60_000)
})

test('one kernel call in ten fails, others interfere, the process restarts: 1,000 random stories all converge', async () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('plan' as const),
        index: fc.nat(3),
        backends: fc.uniqueArray(fc.nat(4), { maxLength: 4 }),
        affinitySeconds: fc.constantFrom(null, null, 30),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('gone' as const), index: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('theft' as const), nth: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 5, maxLength: 20 }),
      fc.string({ maxLength: 8 }),
      fc.constantFrom('6.18.0', '6.1.0'),
      async (events, seed, release) => {
        const kernel = fakeKernel({ seed, faults: { oneIn: 10 }, release })
        const planned = new Map<string, Frontend>()
        let { clock, reconciler } = await start(kernel)
        for (const one of events) {
          if (one.kind === 'plan') {
            const next = frontend(one.index, one.backends, { affinitySeconds: one.affinitySeconds })
            planned.set(next.key, next)
            reconciler.update(plan(next))
          } else if (one.kind === 'gone') {
            const { key } = frontend(one.index, [])
            planned.delete(key)
            reconciler.update(new Map([[key, null]]))
          } else if (one.kind === 'theft') {
            steal(kernel, one.nth)
          } else if (one.kind === 'wait') {
            await clock.advance(one.ms)
          } else {
            await reconciler[Symbol.asyncDispose]()
            kernel.restart()
            ;({ clock, reconciler } = await start(kernel, planned.values()))
          }
        }
        await clock.advance(600_000)
        expect(reconciler.status()).toMatchObject({ lagging: [], strays: 0, lingering: 0, extra: 0 })
        expect(withoutSlots(kernel.dump())).toBe(withoutSlots(await fresh(planned.values(), { release })))
        const served = [...planned.values()].filter(({ sets }) => sets.cluster !== null)
        expect(reachable(kernel).size).toBe(served.length)
      },
    ),
    { numRuns: 1_000 },
  )
}, 240_000)

/** Deletes the nth element there is. */
const steal = (kernel: FakeKernel, nth: number): void => {
  const stores = [...(kernel.ruleset.tables.get(`ip ${TABLE}`)?.sets.values() ?? [])]
  const elements = stores.flatMap(({ spec, elements }) => [...elements.values()].map((element) => ({ spec, element })))
  const stolen = elements[nth % (elements.length || 1)]
  if (stolen)
    kernel.interfere([
      { op: 'delete-elements', family: 'ip', table: TABLE, set: stolen.spec, elements: [stolen.element] },
    ])
}
