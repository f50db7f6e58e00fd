import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { PlaneName } from '../../dataplane/plane.ts'
import { loadPlane, openDriver } from '../../dataplane/registry.ts'
import { openKernel } from '../../kernel/index.ts'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import { nodeView } from '../../routing/node-view.ts'
import { Planner } from '../../routing/planner.ts'
import { loadObjects } from '../../sources/files.ts'
import { silent } from '../../util/log.ts'
import { readProxyConfig } from '../options/proxy-config.ts'
import { loadObserved } from './load.ts'

/**
 * One namespace of our own: its loopback has the backends' addresses, so a connection goes through the output hook to a server of this
 * process, which counts whom it reached. What skew says of the live kernel must be exactly that.
 */
const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const pods = ['10.1.0.1', '10.1.0.2', '10.1.0.3']
const VIP = '10.96.0.1'
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-skew-'))
const reached = new Map<string, number>()
const open = new Set<Socket>()
let server: Server
let agent: ChildProcess | null = null

const objects = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop', annotations: { 'evenkeel.io/scheduler': 'random' } },
      spec: { clusterIP: VIP, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080 }],
      endpoints: pods.map((address, i) => ({
        addresses: [address],
        targetRef: { kind: 'Pod', namespace: 'shop', name: `web-${i}` },
      })),
    },
  ],
}
const manifest = join(directory, 'objects.json')

beforeAll(async () => {
  await enterPrivateNetwork()
  const lines = ['link set lo up', ...['10.9.0.1', ...pods].map((address) => `addr add ${address}/32 dev lo`)]
  for (const line of [...lines, 'route add default dev lo']) execFileSync('ip', line.split(' '))
  writeFileSync(manifest, JSON.stringify(objects))
  server = createServer((socket) => {
    const address = socket.localAddress ?? ''
    reached.set(address, (reached.get(address) ?? 0) + 1)
    socket.on('error', () => {})
    socket.write('.')
  })
  server.listen(8080, '0.0.0.0')
  await once(server, 'listening')
})

afterEach(async () => {
  if (agent !== null && agent.exitCode === null) {
    const exit = once(agent, 'exit')
    agent.kill('SIGKILL')
    await exit
  }
  agent = null
  for (const socket of open) socket.destroy()
  open.clear()
  reached.clear()
  for (const [command, ...args] of [
    ['nft', 'flush', 'ruleset'],
    ['conntrack', '-F'],
  ] as const)
    execFileSync(command, args, { stdio: 'ignore' })
})

afterAll(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

/** Connections that stay open; each has been accepted when it counts. */
const dial = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const socket = connect(80, VIP)
    socket.on('error', () => {})
    open.add(socket)
    await once(socket, 'data')
  }
}

const applied = async (plane: PlaneName): Promise<AsyncDisposable> => {
  const config = await readProxyConfig({ node: 'node-a' })
  const { store } = await loadObjects([manifest])
  const node = { ...nodeView(config, store.snapshot), addresses: ['10.9.0.1'] }
  const planner = new Planner(node)
  planner.sync(store.snapshot)
  const { base, compile } = await loadPlane(plane)
  const driver = await openDriver(plane, await openKernel({ iptables: 'nft' }), { log: silent })
  await driver.observe()
  const add = new Map(
    [base(node), ...Array.from(planner.frontends.values(), (frontend) => compile(frontend, node))].flatMap((program) =>
      program.objects.map((object) => [object.key, object] as const),
    ),
  )
  await driver.apply({ add: [...add.values()], replace: [], remove: [] })
  return driver
}

const seen = (): Record<string, number> =>
  Object.fromEntries(pods.map((address, i) => [`shop/web-${i}`, reached.get(address) ?? 0]))

describe.each<PlaneName>(['nftables', 'iptables'])('%s', (plane) => {
  test('the live kernel’s counters and connections are what the backends saw', async () => {
    await using _driver = await applied(plane)
    await dial(60)
    for (const of of ['opened', 'open'] as const) {
      const [web, ...others] = await loadObserved('shop/web', { live: true, filename: [manifest], of })
      expect(others).toEqual([])
      const { backends, facts } = web?.observation ?? { backends: [], facts: {} }
      expect(Object.fromEntries(backends.map(({ name, count }) => [name, count]))).toEqual(seen())
      expect(backends.map(({ expectedOdds = 0 }) => expectedOdds.toFixed(6))).toEqual(pods.map(() => '0.333333'))
      expect(facts).toMatchObject({ scheduler: 'random', counted: of })
    }
  })
})

test('with an agent, through the command; --watch counts from its first look', async () => {
  agent = spawn(
    process.execPath,
    [
      main,
      'run',
      '--source',
      `manifests:${directory}`,
      '--node',
      'node-a',
      '--plane',
      'nftables',
      '--cluster-cidr',
      '10.1.0.0/16',
    ],
    { stdio: 'ignore' },
  )
  const deadline = Date.now() + 40_000
  while (spawnSync(process.execPath, [main, 'status'], { timeout: 30_000 }).status !== 0)
    if (Date.now() > deadline) throw new Error('the agent is not in sync in time')
  await dial(40)
  const { stdout, status } = spawnSync(
    process.execPath,
    [main, 'skew', 'web', '--live', '-f', manifest, '-o', 'json'],
    { encoding: 'utf8', timeout: 30_000 },
  )
  const report = JSON.parse(stdout) as { n: number; backends: { name: string; count: number }[]; verdict: string }
  expect(report.n).toBe(40)
  expect(Object.fromEntries(report.backends.map(({ name, count }) => [name, count]))).toEqual(seen())
  expect(status).toBe(report.verdict === 'SKEWED' ? 1 : 0)

  const before = seen()
  const watch = spawn(
    process.execPath,
    [main, 'skew', 'web', '--live', '-f', manifest, '--watch', '--interval', '2s', '--count', '2', '-o', 'json'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let out = ''
  watch.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
  const traffic = setInterval(() => void dial(1).catch(() => undefined), 20)
  const [code] = (await once(watch, 'exit')) as [number | null]
  clearInterval(traffic)
  const [line] = out.trimEnd().split('\n')
  const told = JSON.parse(line ?? '') as {
    n: number
    look: number
    verdict: string
    backends: { name: string; count: number }[]
  }
  expect(told.look).toBe(2)
  expect(told.n).toBeGreaterThan(0)
  for (const { name, count } of told.backends)
    expect(count).toBeLessThanOrEqual((seen()[name] ?? 0) - (before[name] ?? 0))
  expect(code).toBe(told.verdict === 'SKEWED' ? 1 : 0)
})
