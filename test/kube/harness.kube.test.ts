import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KubeCluster, startCluster } from './cluster.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { startNode, type TestNode } from './node.ts'
import { run } from './processes.ts'
import { until } from './until.ts'

/** The ground that the other tests stand on: what is true of the real kube-proxy here must be true of the agent. */
const stack = new AsyncDisposableStack()
let cluster: KubeCluster
let node: TestNode

beforeAll(async () => {
  const { pods } = stack.use(await becomeNode())
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  node = stack.use(await startNode(cluster, pods))
})
afterAll(() => stack.disposeAsync())

test('client and server are 1.36.2', async () => {
  const versions = JSON.parse(await cluster.kubectl(['version', '-o', 'json'])) as Record<
    string,
    { gitVersion: string }
  >
  expect(versions['clientVersion']?.gitVersion).toBe('v1.36.2')
  expect(versions['serverVersion']?.gitVersion).toBe('v1.36.2')
})

test('a Deployment made by kubectl is reached through its ClusterIP by way of the real kube-proxy', async () => {
  const kubeProxy = ['--hostname-override=node-a', '--proxy-mode=nftables', '--conntrack-max-per-core=0']
  const log = join(cluster.directory, 'kube-proxy.log')
  await using _ = run(cluster.bin.kubeProxy, [`--kubeconfig=${cluster.kubeconfig}`, ...kubeProxy], log)
  const container = { name: 'web', image: 'web', ports: [{ containerPort: 8080 }] }
  const template = { metadata: { labels: { app: 'web' } }, spec: { nodeName: 'node-a', containers: [container] } }
  const spec = { replicas: 3, selector: { matchLabels: { app: 'web' } }, template }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec }
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(deployment))
  await cluster.kubectl(['expose', 'deployment', 'web', '--port=80', '--target-port=8080'])
  const ip = await cluster.kubectl(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}'])
  await until(async () => expect(await node.dial(ip, 80)).toMatch(/^web-/))
  const client = await cluster.kubectl(['get', 'pod', '-o', 'jsonpath={.items[0].status.podIP}'])
  expect(await node.dial(ip, 80, client)).toMatch(/^web-/)
  await cluster.kubectl(['delete', 'deployment', 'web'])
  await until(async () => expect(await node.dial(ip, 80)).toBe('ECONNREFUSED'))
  expect(node.errors).toEqual([])
})

test('the fault proxy cuts, truncates and counts', async () => {
  await using proxy = await startFaultProxy(cluster)
  const kubeconfig = await cluster.kubeconfigFor({ server: proxy.url })
  const services = (): Promise<string> => cluster.kubectl(['--kubeconfig', kubeconfig, 'get', 'services', '-o', 'name'])
  expect(await services()).toContain('service/kubernetes')
  expect(proxy.requests.filter(({ kind, resource }) => kind === 'list' && resource === 'services')).toHaveLength(1)
  proxy.meet(({ resource }) => (resource === 'services' ? { breakAfter: 100 } : undefined))
  await expect(services()).rejects.toThrow(/unexpected EOF/)
  proxy.meet(({ resource }) => (resource === 'services' ? { answer: { status: 403, body: '{}' } } : undefined))
  await expect(services()).rejects.toThrow(/forbidden/i)
  await proxy.close()
  await expect(services()).rejects.toThrow(/refused/)
  await proxy.open()
  proxy.meet(() => undefined)
  expect(await services()).toContain('service/kubernetes')
})

test('an API server that was killed is back at its port', async () => {
  await cluster.restartApiserver()
  expect(await cluster.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/node-a\nnode/node-b\n')
})
