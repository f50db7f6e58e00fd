import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { backend, frontend, someNode } from '../../../test/support/frontends.ts'
import { openKernel } from '../../kernel/index.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import type { Frontend } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { systemClock } from '../../util/clock.ts'
import { silent } from '../../util/log.ts'
import type { Driver } from '../plane.ts'
import { Reconciler } from '../reconciler/reconciler.ts'
import { openIptablesDriver } from './driver.ts'
import { createIptablesPlane } from './index.ts'
import type { IptablesObject } from './objects.ts'

/** One namespace of our own: its loopback has the backends' addresses, and a server of this process that says whom it reached. */
const node: NodeView = { ...someNode, families: ['IPv4', 'IPv6'] }
const PORT = 8080
let server: Server

const run = (command: string, args: readonly string[], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, timeout: 60_000 })

const empty = (): void => {
  run('nft', ['flush', 'ruleset'])
  for (const command of ['iptables-legacy', 'ip6tables-legacy'])
    for (const table of ['nat', 'filter', 'mangle']) {
      run(command, ['-t', table, '-F'])
      run(command, ['-t', table, '-X'])
    }
}

beforeAll(async () => {
  await enterPrivateNetwork()
  const addresses = ['192.0.2.1', '10.1.9.9', ...[1, 2, 3, 4, 5].map((last) => backend(last).address)]
  for (const line of [
    'link set lo up',
    ...addresses.map((one) => `addr add ${one}/32 dev lo`),
    'route add default dev lo',
  ])
    run('ip', line.split(' '))
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(socket.localAddress ?? '')
  })
  server.listen(PORT, '0.0.0.0')
  await once(server, 'listening')
})
beforeEach(empty)
afterEach(empty)
afterAll(() => server.close())

interface Running extends AsyncDisposable {
  readonly driver: Driver<IptablesObject>
  readonly reconciler: Reconciler<IptablesObject>
  /** lines that iptables-restore was given */
  written(): number
}

const plan = (...frontends: Frontend[]): Map<string, Frontend> => new Map(frontends.map((one) => [one.key, one]))

/** Resolves when the plan is in force. */
const start = async (iptables: 'legacy' | 'nft', frontends: readonly Frontend[]): Promise<Running> => {
  let lines = 0
  const opened = await openKernel({ iptables })
  const kernel: Kernel = {
    ...opened,
    async iptables(log) {
      const connection = await opened.iptables(log)
      const restore = connection.restore.bind(connection)
      connection.restore = (blocks, signal) => {
        for (const block of blocks) lines += block.lines.length
        return restore(blocks, signal)
      }
      return connection
    },
  }
  const driver = await openIptablesDriver(kernel, { log: silent })
  const plane = createIptablesPlane()
  const reconciler = new Reconciler({ plane, driver, node, clock: systemClock, log: silent, random: () => 0.5 })
  reconciler.update(plan(...frontends))
  reconciler.sourcesComplete()
  await reconciler.settled()
  return {
    driver,
    reconciler,
    written: () => lines,
    async [Symbol.asyncDispose]() {
      await reconciler[Symbol.asyncDispose]()
      await driver[Symbol.asyncDispose]()
    },
  }
}

/** The address that the server was reached at, i.e. the backend. */
const reached = async (to: string, port = 80): Promise<string> => {
  const socket = connect({ host: to, port, localAddress: '10.1.9.9' })
  socket.setTimeout(5_000, () => socket.destroy(new Error(`${to}: no answer`)))
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

const dial = async (to: string, times: number): Promise<string[]> => {
  const seen = new Set<string>()
  for (let time = 0; time < times; time++) seen.add(await reached(to))
  return [...seen].sort()
}

const planned = [
  frontend(1, [1, 2, 3]),
  frontend(2, [2], { affinitySeconds: 60 }),
  frontend(3, []),
  frontend(4, [1, 2], { protocol: 'UDP' }),
]

describe.each(['nft', 'legacy'] as const)('%s', (iptables) => {
  const saved = (): string[] =>
    ['iptables', 'ip6tables']
      .flatMap((name) => run(`${name}-${iptables}-save`, []).split('\n'))
      .filter((line) => line.startsWith('-A'))
      .sort()

  test('a plan, more of it, less of it, and nothing', async () => {
    await using running = await start(iptables, planned)
    const { reconciler, driver } = running
    expect(reconciler.status()).toMatchObject({ inSync: 4, lagging: [], strays: 0 })
    expect(await dial('10.96.0.1', 40)).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3'])
    reconciler.update(plan(frontend(1, [3, 4]), frontend(3, [5])))
    await reconciler.settled()
    expect(await dial('10.96.0.1', 30)).toEqual(['10.1.0.3', '10.1.0.4'])
    expect(await dial('10.96.0.3', 2)).toEqual(['10.1.0.5'])
    const { backends } = await driver.counters({ dialled: true })
    expect(backends.filter(({ frontend: key }) => key === '10.96.0.3:80/TCP')).toEqual([
      { frontend: '10.96.0.3:80/TCP', address: '10.1.0.5', port: PORT, connections: 2 },
    ])
    reconciler.update(new Map([[frontend(1, []).key, null]]))
    await reconciler.settled()
    expect(saved().join('\n')).not.toContain('10.96.0.1/32')
    await reconciler[Symbol.asyncDispose]()
    await driver.remove()
    expect(saved()).toEqual([])
    expect(await driver.owned()).toEqual([])
  })

  test('a restart writes nothing; what is read back is what was written', async () => {
    const first = await start(iptables, planned)
    expect(first.written()).toBeGreaterThan(50)
    await first[Symbol.asyncDispose]()
    const before = saved()
    await using second = await start(iptables, planned)
    expect(second.reconciler.status()).toMatchObject({ inSync: 4, lagging: [], extra: 0, strays: 0 })
    expect(await second.reconciler.verify()).toMatchObject({ differing: [], strays: 0 })
    expect(second.written()).toBe(0)
    expect(saved()).toEqual(before)
  })

  test('what others break is noticed and put right, and what they keep beside is left alone', async () => {
    await using running = await start(iptables, planned)
    const before = saved()
    const chain = /-A (KUBE-SVC-\w+)/.exec(before.join('\n'))?.[1] ?? ''
    run(`iptables-${iptables}`, ['-t', 'nat', '-N', 'CNI-X'])
    run(`iptables-${iptables}`, ['-t', 'nat', '-A', 'CNI-X', '-j', 'RETURN'])
    run(`iptables-${iptables}`, ['-t', 'nat', '-F', chain])
    run(`iptables-${iptables}`, ['-t', 'nat', '-D', 'PREROUTING', '1'])
    // x_tables tells nobody: it is looked at every 30 s
    if (iptables === 'legacy') await running.reconciler.verify()
    for (let waited = 0; waited < 100 && saved().length !== before.length + 1; waited++) await sleep(100)
    expect(saved()).toEqual([...before, '-A CNI-X -j RETURN'].sort())
    if (iptables === 'nft') expect(running.reconciler.status().foreignChanges).toBeGreaterThan(0)
  })

  test('our own changes are not taken for others’', async () => {
    await using running = await start(iptables, planned)
    for (let turn = 0; turn < 5; turn++) {
      running.reconciler.update(plan(frontend(1, turn % 2 === 0 ? [1] : [1, 2, 3])))
      await running.reconciler.settled()
    }
    const many = Array.from({ length: 60 }, (_, index) => frontend(100 + index, [1, 2, 3, 4, 5]))
    running.reconciler.update(plan(...many))
    await running.reconciler.settled()
    await sleep(300)
    expect(running.reconciler.status()).toMatchObject({ foreignChanges: 0, lagging: [] })
  })

  test('the process killed at any moment leaves nothing behind that the next one does not put right', async () => {
    const many = Array.from({ length: 150 }, (_, index) => frontend(100 + index, [1, 2, 3, 4, 5]))
    const script = fileURLToPath(new URL('../../../test/support/iptables-agent.ts', import.meta.url))
    for (const after of [40, 150, 300]) {
      const child = spawn(process.execPath, [script, iptables, String(many.length)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      await sleep(after)
      child.kill('SIGKILL')
      await once(child, 'exit')
      const left = many.slice(0, 100)
      await using next = await start(iptables, [...planned, ...left])
      expect(next.reconciler.status()).toMatchObject({ inSync: 104, lagging: [], extra: 0, strays: 0 })
      expect(await next.reconciler.verify()).toMatchObject({ differing: [], strays: 0 })
      expect(await dial('10.96.0.1', 4)).not.toContain('')
      next.reconciler.update(new Map(left.slice(0, 90).map(({ key }) => [key, null])))
      await next.reconciler.settled()
    }
  }, 120_000)
})

test('many Services in pieces: nft', async () => {
  const many = Array.from({ length: 400 }, (_, index) => frontend(100 + index, [1, 2, 3, 4, 5]))
  await using running = await start('nft', many)
  expect(running.reconciler.status()).toMatchObject({ inSync: 400, lagging: [] })
  expect(await dial('10.96.1.20', 30)).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.5'])
  running.reconciler.update(new Map(many.slice(5).map(({ key }) => [key, null])))
  await running.reconciler.settled()
  expect(await running.reconciler.verify()).toMatchObject({ differing: [], strays: 0 })
})
