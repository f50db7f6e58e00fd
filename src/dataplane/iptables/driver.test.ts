import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frontend } from '../../../test/support/frontends.ts'
import { planOf, reconciling } from '../../../test/support/reconciling.ts'
import { type FakeKernel, fakeKernel, type FakeKernelOptions } from '../../kernel/nftables/fake.ts'
import type { Frontend } from '../../model/frontend.ts'
import { silent } from '../../util/log.ts'
import { openIptablesDriver } from './driver.ts'
import { createIptablesPlane } from './index.ts'

const start = async (kernel: FakeKernel, planned: Iterable<Frontend> = []) => {
  const driver = await openIptablesDriver(kernel, { log: silent })
  const running = reconciling({ plane: createIptablesPlane(), driver })
  running.reconciler.update(planOf(...planned))
  running.reconciler.sourcesComplete()
  return { driver, ...running }
}

/** Rules of shared chains stand in the order they came; those of a Service's chain have one. */
const unordered = (dump: string): string[] =>
  dump
    .split('\n')
    .map((line, index) => (/^-A KUBE-(SVC|SEP|SVL|EXT)/.test(line) ? `${line} ${index - dump.indexOf(line)}` : line))
    .map((line) => line.replace(/ -?\d+$/, ''))
    .sort()

const fresh = async (planned: Iterable<Frontend>, options: FakeKernelOptions = {}): Promise<string> => {
  const kernel = fakeKernel(options)
  const { settled } = await start(kernel, planned)
  await settled()
  return kernel.tables.dump()
}

const planned = [
  frontend(1, [1, 2, 3]),
  frontend(2, [2]),
  frontend(3, []),
  frontend(4, [1, 2], { affinitySeconds: 60 }),
]

describe.each(['nft', 'legacy'] as const)('%s', (iptables) => {
  test('a restart writes nothing', async () => {
    const kernel = fakeKernel({ iptables })
    const first = await start(kernel, planned)
    await first.settled()
    const { commits } = kernel
    await first.reconciler[Symbol.asyncDispose]()
    kernel.restart()
    const second = await start(kernel, planned)
    await second.settled()
    expect(second.reconciler.status()).toMatchObject({ inSync: 4, lagging: [], extra: 0, strays: 0 })
    expect(kernel.commits).toBe(commits)
  })

  test('every frontend gone, nothing of them stays; removed, nothing at all', async () => {
    const kernel = fakeKernel({ iptables })
    const { driver, reconciler, settled } = await start(kernel, planned)
    await settled()
    reconciler.update(new Map(planned.map(({ key }) => [key, null])))
    await settled()
    expect(unordered(kernel.tables.dump())).toEqual(unordered(await fresh([])))
    await reconciler[Symbol.asyncDispose]()
    expect((await driver.owned()).length).toBeGreaterThan(10)
    await driver.remove()
    expect(kernel.tables.dump()).not.toMatch(/KUBE-|EVENKEEL-/)
    expect(await driver.owned()).toEqual([])
  })

  test('what others break is put right', async () => {
    const kernel = fakeKernel({ iptables })
    const { reconciler, settled } = await start(kernel, planned)
    await settled()
    const before = unordered(kernel.tables.dump())
    const chain = /:(KUBE-SVC-\w+)/.exec(kernel.tables.dump())?.[1] ?? ''
    kernel.interfereWithTables([
      {
        family: 'ip',
        table: 'nat',
        lines: [
          `:${chain} - [0:0]`,
          '-A KUBE-SERVICES -j ACCEPT',
          '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        ],
      },
    ])
    await reconciler.verify()
    await settled()
    expect(unordered(kernel.tables.dump())).toEqual(before)
  })
})

test('a rule that is refused is named, costs its own frontend only, and takes nothing with it', async () => {
  const kernel = fakeKernel()
  const commit = kernel.tables.commit.bind(kernel.tables)
  const { RestoreError } = await import('../../kernel/iptables/types.ts')
  kernel.tables.commit = (block) => {
    const line = block.lines.find((one) => one.includes('10.1.0.66:'))
    if (line)
      throw new RestoreError({
        operation: 'iptables-restore',
        errno: 'EINVAL',
        detail: 'no',
        object: line,
        done: 0,
        line,
      })
    commit(block)
  }
  const { reconciler, settled } = await start(kernel, [...planned, frontend(5, [66]), frontend(6, [7])])
  await settled()
  const { inSync, lagging } = reconciler.status()
  expect(inSync).toBe(5)
  expect(lagging.map(({ frontend: key, reason }) => [key, reason.includes('10.1.0.66:8080')])).toEqual([
    ['10.96.0.5:80/TCP', true],
  ])
  expect(unordered(kernel.tables.dump())).toEqual(unordered(await fresh([...planned, frontend(6, [7])])))
})

test('a kube-proxy’s rules are nobody’s to remove', async () => {
  const kernel = fakeKernel()
  kernel.interfereWithTables([
    {
      family: 'ip',
      table: 'nat',
      lines: [':KUBE-SERVICES - [0:0]', ':KUBE-SVC-A - [0:0]', '-A KUBE-SERVICES -j KUBE-SVC-A'],
    },
  ])
  const before = kernel.tables.dump()
  const driver = await openIptablesDriver(kernel, { log: silent })
  expect(await driver.owned()).toEqual([])
  await driver.remove()
  expect(kernel.tables.dump()).toBe(before)
})

test('what a CNI’s rules lead to stays, and what that needs', async () => {
  const kernel = fakeKernel()
  const { driver, reconciler, settled } = await start(kernel, planned)
  await settled()
  kernel.interfereWithTables([
    {
      family: 'ip',
      table: 'nat',
      lines: [':CNI-HOSTPORT-DNAT - [0:0]', '-A CNI-HOSTPORT-DNAT -s 10.1.0.0/16 -j KUBE-MARK-MASQ'],
    },
  ])
  await reconciler[Symbol.asyncDispose]()
  await driver.remove()
  const left = kernel.tables.dump()
  expect(left).toContain('-A KUBE-MARK-MASQ -j MARK')
  expect(left).toMatch(/-A POSTROUTING .*-j KUBE-POSTROUTING/)
  expect(left).not.toMatch(/KUBE-(SVC|SEP|SERVICES)/)
})

test('connections are told of the endpoints of a ServicePort', async () => {
  const kernel = fakeKernel()
  const { driver, settled } = await start(kernel, [frontend(1, [1, 2])])
  await settled()
  const [, chain = '', rule = ''] =
    /-A (KUBE-SEP-\w+) (.*--to-destination 10\.1\.0\.2:8080)/.exec(kernel.tables.dump()) ?? []
  kernel.tables.hit('ip', 'nat', chain, rule, 7)
  const counted = { frontend: '10.96.0.1:80/TCP', port: 8080 }
  expect((await driver.counters()).backends).toEqual([
    { ...counted, address: '10.1.0.1', connections: 0 },
    { ...counted, address: '10.1.0.2', connections: 7 },
  ])
  expect((await driver.counters({ dialled: true })).backends).toEqual([
    { ...counted, address: '10.1.0.2', connections: 7 },
  ])
})

const anyFrontends = fc.array(
  fc.record({
    index: fc.integer({ min: 1, max: 5 }),
    backends: fc.subarray([1, 2, 3, 4]),
    affinitySeconds: fc.constantFrom(null, 60),
  }),
  { maxLength: 8 },
)

test.each(['nft', 'legacy'] as const)(
  '%s: with one call in ten failing and the process dying at any call, the kernel ends as if nothing had happened',
  async (iptables) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFrontends, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('before' as const, 'after' as const),
        fc.string(),
        async (rounds, death, effect, seed) => {
          const kernel = fakeKernel({ seed, iptables, faults: { oneIn: 10 } })
          const current = new Map<string, Frontend>()
          let running = await start(kernel)
          kernel.dieAt(death, effect)
          for (const round of rounds) {
            const next = planOf(...round.map(({ index, backends, ...more }) => frontend(index, backends, more)))
            const changes = new Map<string, Frontend | null>(next)
            for (const key of current.keys()) if (!next.has(key)) changes.set(key, null)
            current.clear()
            for (const [key, one] of next) current.set(key, one)
            running.reconciler.update(changes)
            if (kernel.died) {
              kernel.restart()
              running = await start(kernel, current.values())
            }
          }
          if (!kernel.died) kernel.dieAt(1_000_000, 'before')
          kernel.restart()
          kernel.setFaults({ oneIn: 10 })
          running = await start(kernel, current.values())
          await running.settled()
          kernel.setFaults({ oneIn: 0 })
          await running.clock.advance(600_000)
          await running.settled()
          expect(unordered(kernel.tables.dump())).toEqual(unordered(await fresh(current.values(), { iptables })))
        },
      ),
      { numRuns: 60 },
    )
  },
)
