import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PlaneName } from '../dataplane/plane.ts'
import { openDrivers, planeNames } from '../dataplane/registry.ts'
import { openKernel } from '../kernel/index.ts'
import { enterPrivateNetwork } from '../kernel/namespace.ts'
import { silent } from '../util/log.ts'
import { type Agent, startAgent } from './agent.ts'
import { parseConfig } from './config/config.ts'
import { sourceOf } from './source.ts'

/** One namespace of our own; a server of this process stands at both backends and repeats what it hears. */
const backends = ['10.1.0.1', '10.1.0.2']
let directory = ''
let server: Server

beforeAll(async () => {
  await enterPrivateNetwork()
  const addresses = ['192.0.2.1', '10.1.9.9', ...backends].map((address) => `addr add ${address}/32 dev lo`)
  for (const line of ['link set lo up', ...addresses, 'route add default dev lo']) execFileSync('ip', line.split(' '))
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(8080, '0.0.0.0')
  await once(server, 'listening')
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-planes-'))
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080 }],
      endpoints: backends.map((address) => ({ addresses: [address] })),
    },
  ]
  await writeFile(join(directory, 'web.yaml'), objects.map((one) => JSON.stringify(one)).join('\n---\n'))
})
afterAll(async () => {
  server.close()
  await rm(directory, { recursive: true })
})

const start = async (plane: PlaneName, iptables?: 'legacy' | 'nft'): Promise<Agent> => {
  const { config } = parseConfig(Buffer.alloc(0), 'none', {
    plane,
    nodeName: 'node-a',
    kubeProxy: { 'cluster-cidr': '10.1.0.0/16' },
  })
  const quiet = { ...config, healthzBindAddress: null, metricsBindAddress: null }
  const openSource = sourceOf({ kind: 'manifests', directory }, { nodeName: 'node-a', proxyName: '' })
  const kernel = await openKernel({ iptables })
  return startAgent({ config: quiet, plane, openSource, kernel, log: silent, control: false })
}

const open = async (): Promise<Socket> => {
  const socket = connect({ host: '10.96.0.1', port: 80, localAddress: '10.1.9.9' })
  socket.setTimeout(3_000, () => socket.destroy(new Error('no answer')))
  await once(socket, 'connect')
  socket.setTimeout(0)
  return socket
}

const echo = async (socket: Socket): Promise<void> => {
  socket.write('x')
  await once(socket, 'data')
}

/** New connections one after the other until told to stop; answers how many, throws when one failed. */
const keepDialling = (stop: AbortSignal): Promise<number> => {
  const dial = async (): Promise<number> => {
    let count = 0
    for (; !stop.aborted; count++) {
      const socket = await open()
      await echo(socket)
      socket.destroy()
    }
    return count
  }
  return dial()
}

/** What stands in the kernel, by place. */
const owners = async (): Promise<string[]> => {
  const places: string[] = []
  for (const name of planeNames)
    for (const driver of await openDrivers(name, await openKernel(), { log: silent })) {
      if ((await driver.owned()).length > 0) places.push(driver.place ?? name)
      await driver[Symbol.asyncDispose]()
    }
  return places
}

test('from plane to plane and back while connections are made: none fails, established ones go on, and nothing stays behind', async () => {
  await using stack = new AsyncDisposableStack()
  const first = await start('nftables')
  await first.settled()
  const established = await open()
  stack.defer(() => void established.destroy())
  const stop = new AbortController()
  const dialled = keepDialling(stop.signal)
  dialled.catch(() => {})
  await first[Symbol.asyncDispose]()
  const turns = [
    ['iptables', 'nft', 'iptables-nft'],
    ['nftables', undefined, 'nftables'],
    ['iptables', 'legacy', 'iptables-legacy'],
    ['iptables', 'nft', 'iptables-nft'],
    ['nftables', undefined, 'nftables'],
  ] as const
  for (const [plane, iptables, place] of turns) {
    const agent = await start(plane, iptables)
    await agent.settled()
    expect(await owners()).toEqual([place])
    await echo(established)
    await agent[Symbol.asyncDispose]()
  }
  stop.abort()
  expect(await dialled).toBeGreaterThan(20)
}, 60_000)

test('a plane that is not in force yet does not take away the one before', async () => {
  const kernel = await openKernel({ iptables: 'nft' })
  const before = await start('nftables')
  await before.settled()
  await before[Symbol.asyncDispose]()
  const { config } = parseConfig(Buffer.alloc(0), 'none', { plane: 'iptables', nodeName: 'node-a' })
  const quiet = { ...config, healthzBindAddress: null, metricsBindAddress: null }
  const openSource = sourceOf({ kind: 'manifests', directory }, { nodeName: 'node-a', proxyName: '' })
  const broken = {
    ...kernel,
    iptables: async (...args: Parameters<typeof kernel.iptables>) =>
      Object.assign(await kernel.iptables(...args), { restore: () => Promise.reject(new Error('no')) }),
  }
  const agent = await startAgent({
    config: quiet,
    plane: 'iptables',
    openSource,
    kernel: broken,
    log: silent,
    control: false,
  })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await owners()).toEqual(['nftables'])
  const socket = await open()
  await echo(socket)
  socket.destroy()
  await agent[Symbol.asyncDispose]()
}, 30_000)
