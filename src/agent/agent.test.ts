import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeKernel } from '../kernel/nftables/fake.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { OpenSource } from '../sources/source.ts'
import { type Log, silent } from '../util/log.ts'
import { type Agent, startAgent } from './agent.ts'
import { parseConfig } from './config/config.ts'
import { sourceOf } from './source.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-agent-'))
})
afterEach(() => rm(directory, { recursive: true }))

/** Appears at once, as an editor or a controller would do it. */
const write = async (name: string, objects: readonly object[] | string): Promise<void> => {
  const text = typeof objects === 'string' ? objects : objects.map((object) => JSON.stringify(object)).join('\n---\n')
  await writeFile(join(directory, `.${name}`), text)
  await rename(join(directory, `.${name}`), join(directory, name))
}

const service = (name: string, clusterIP: string, protocol = 'TCP'): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { clusterIP, ports: [{ port: 80, protocol }] },
})

const slice = (name: string, addresses: readonly string[], protocol = 'TCP'): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol }],
  endpoints: addresses.map((address) => ({ addresses: [address] })),
})

const source = (): OpenSource => sourceOf({ kind: 'manifests', directory }, { nodeName: 'node-a', proxyName: '' })

const start = (kernel: Kernel, openSource = source()): Promise<Agent> => {
  const { config } = parseConfig(Buffer.alloc(0), 'none', {
    plane: 'nftables',
    nodeName: 'node-a',
    kubeProxy: { 'cluster-cidr': '10.1.0.0/16' },
  })
  const quiet = { ...config, healthzBindAddress: null, metricsBindAddress: null }
  return startAgent({ config: quiet, plane: 'nftables', openSource, kernel, log: silent, control: false })
}

const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const ask = { verify: true, counters: false }

test('what the files say is in the kernel, and follows them', async () => {
  await write('web.yaml', [service('web', '10.96.0.1'), slice('web', ['10.1.0.2'])])
  const kernel = fakeKernel({ addresses: ['192.0.2.1'] })
  await using agent = await start(kernel)
  await agent.settled()
  expect(await agent.status(ask)).toMatchObject({ inSync: true, problems: [], planes: [{ frontends: 1, inSync: 1 }] })
  await write('db.yaml', [service('db', '10.96.0.2'), slice('db', ['10.1.0.3'])])
  await until(async () => (await agent.status(ask)).planes[0]?.inSync === 2)
  expect(kernel.dump()).toContain('shop/db')
  await rm(join(directory, 'web.yaml'))
  await until(async () => (await agent.status(ask)).planes[0]?.frontends === 1)
  await until(() => !kernel.dump().includes('shop/web'))
})

test('a broken file is reported and changes nothing', async () => {
  await write('web.yaml', [service('web', '10.96.0.1'), slice('web', ['10.1.0.2'])])
  const kernel = fakeKernel()
  await using agent = await start(kernel)
  await agent.settled()
  const before = kernel.dump()
  await write('web.yaml', '{ "kind": "Service", ')
  await until(async () => (await agent.status(ask)).problems.length > 0)
  const status = await agent.status(ask)
  expect(status.problems[0]?.where).toContain('web.yaml')
  expect(status.inSync).toBe(true)
  expect(kernel.dump()).toBe(before)
})

test('a restart makes no transaction and deletes no flow', async () => {
  await write('dns.yaml', [service('dns', '10.96.0.10', 'UDP'), slice('dns', ['10.1.0.2'], 'UDP')])
  const kernel = fakeKernel()
  await using first = await start(kernel)
  await first.settled()
  await first[Symbol.asyncDispose]()
  kernel.restart()
  await using second = await start(kernel)
  await second.settled()
  expect(kernel.commits).toBe(1)
  expect(kernel.deletedFlows).toEqual([])
  expect((await second.status(ask)).inSync).toBe(true)
})

test('UDP flows to an endpoint that is gone are deleted after the rules', async () => {
  await write('dns.yaml', [service('dns', '10.96.0.10', 'UDP'), slice('dns', ['10.1.0.2', '10.1.0.3'], 'UDP')])
  const kernel = fakeKernel()
  await using agent = await start(kernel)
  await agent.settled()
  await write('dns.yaml', [service('dns', '10.96.0.10', 'UDP'), slice('dns', ['10.1.0.3'], 'UDP')])
  await until(() => kernel.deletedFlows.length > 0)
  expect(kernel.deletedFlows).toEqual([
    [{ protocol: 'UDP', address: '10.96.0.10', port: 80, backend: { address: '10.1.0.2', port: 8080 } }],
  ])
  await expect(agent.status(ask)).resolves.toMatchObject({ inSync: true })
})

test('the address sets follow the interfaces', async () => {
  await write('web.yaml', [service('web', '10.96.0.1'), slice('web', ['10.1.0.2'])])
  const { config } = parseConfig(
    Buffer.from(
      'nodePortAddresses: [192.0.2.0/24]\nkind: KubeProxyConfiguration\napiVersion: kubeproxy.config.k8s.io/v1alpha1\n',
    ),
    'config',
    { plane: 'nftables', nodeName: 'node-a' },
  )
  const kernel = fakeKernel({ addresses: ['192.0.2.1', '198.51.100.1'] })
  await using agent = await startAgent({
    config,
    plane: 'nftables',
    openSource: source(),
    kernel,
    log: silent,
    control: false,
  })
  await agent.settled()
  const hex = (last: string): string => `    c00002${last}`
  expect(kernel.dump()).toContain(hex('01'))
  kernel.setAddresses(['192.0.2.7', '198.51.100.1'])
  await until(() => kernel.dump().includes(hex('07')))
  expect(kernel.dump()).not.toContain(hex('01'))
})

test('what was opened last is closed first: the source before what writes, and that before what it reads', async () => {
  const closed: string[] = []
  const closing = <T extends AsyncDisposable>(name: string, resource: T): T => {
    const close = resource[Symbol.asyncDispose].bind(resource)
    resource[Symbol.asyncDispose] = async () => {
      closed.push(name)
      await close()
    }
    return resource
  }
  const fake: Kernel = fakeKernel()
  const nftables = fake.nftables.bind(fake)
  const conntrack = fake.conntrack.bind(fake)
  const addresses = fake.addresses.bind(fake)
  const kernel = Object.assign(fake, {
    nftables: async (log: Log) => closing('nftables', await nftables(log)),
    conntrack: async (log: Log) => closing('conntrack', await conntrack(log)),
    addresses: async () => closing('addresses', await addresses()),
  })
  const open = source()
  const agent = await start(kernel, async (store, context) => closing('source', await open(store, context)))
  await agent[Symbol.asyncDispose]()
  expect(closed).toEqual(['source', 'conntrack', 'nftables', 'addresses'])
})
