import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serviceKey } from '../../model/objects.ts'
import { selectServices, type ServiceSelection } from './report.ts'
import { loadPlanned } from '../options/planned.ts'

const objects = `
apiVersion: v1
kind: Node
metadata: {name: node-1, labels: {topology.kubernetes.io/zone: a}}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web}
spec: {type: NodePort, clusterIP: 172.30.0.41, externalTrafficPolicy: Local, ports: [{name: http, port: 80, nodePort: 30080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: shop, name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- {addresses: [10.0.1.10], nodeName: node-1, zone: a, targetRef: {kind: Pod, name: web-a}}
- {addresses: [10.0.2.10], nodeName: node-2, zone: b, conditions: {ready: false, serving: true, terminating: true}}
- {addresses: [10.0.3.10], nodeName: node-3, zone: b}
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: db}
spec: {clusterIP: None, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: bank, name: web}
spec: {clusterIP: 172.30.0.42, ports: [{port: 80}]}
`
const faulty = `
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: cache, annotations: {evenkeel.io/scheduler: fastest}}
spec: {clusterIP: 172.30.0.43, ports: [{port: 6379}]}
`

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-plan-'))
  await writeFile(join(directory, 'objects.yaml'), objects)
  await writeFile(join(directory, 'faulty.yaml'), faulty)
  await writeFile(
    join(directory, 'config.yaml'),
    'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nhostnameOverride: node-1\nclusterCIDR: 10.0.0.0/8\n',
  )
  await writeFile(
    join(directory, 'bad-config.yaml'),
    'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.0.0.0\n',
  )
})
afterAll(() => rm(directory, { recursive: true }))

const plan = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [main, 'plan', ...args], { cwd: directory }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
    child.stdin?.end(objects)
  })

test('tables: what is dialled, which endpoints are in and why, and what is not served', async () => {
  const { code, stdout, stderr } = await plan('-f', 'objects.yaml', '--config', 'config.yaml')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe(`\
SERVICE    FRONTEND             KIND        PODS         NODE                    OUTSIDE
bank/web   172.30.0.42:80/TCP   ClusterIP   reject       reject                  reject
shop/web   172.30.0.41:80/TCP   ClusterIP   cluster(2)   cluster(2) masquerade   cluster(2) masquerade
shop/web   node:30080/TCP       NodePort    cluster(2)   cluster(2) masquerade   local(1)

SERVICE    PORT     ENDPOINT         NODE     CLUSTER            LOCAL
shop/web   80/TCP   10.0.1.10:8080   node-1   in: ready          in: ready
shop/web   80/TCP   10.0.2.10:8080   node-2   out: terminating   out: not on this node
shop/web   80/TCP   10.0.3.10:8080   node-3   in: ready          out: not on this node

SERVICE   NOT SERVED HERE
shop/db   it is headless: clients find its endpoints by DNS
`)
})

test('wide and without headers', async () => {
  const { stdout } = await plan('-f', '-', '--node', 'node-1', '-o', 'wide', '--no-headers', 'shop/web')
  expect(stdout.split('\n')[0]?.split(/ {3,}/)).toEqual([
    'shop/web',
    '172.30.0.41:80/TCP',
    'ClusterIP',
    'cluster(2)',
    'cluster(2)',
    'cluster(2)',
    'default',
    '-',
    'all',
  ])
  expect(stdout).toContain('in: ready               shop/web-a   a   1   everywhere')
})

test.each<[string[], ServiceSelection, string[]]>([
  [[], {}, ['bank/web', 'shop/db', 'shop/web']],
  [[], { namespace: 'shop' }, ['shop/db', 'shop/web']],
  [['web'], { namespace: 'shop' }, ['shop/web']],
  [['service/web'], { namespace: 'bank' }, ['bank/web']],
  [['shop/db', 'bank/web'], {}, ['bank/web', 'shop/db']],
  [['web'], { allNamespaces: true }, ['bank/web', 'shop/web']],
])('Services %j with %j: %j', async (names, selection, expected) => {
  const { snapshot } = await loadPlanned({ filename: [join(directory, 'objects.yaml')], node: 'node-1' })
  expect(selectServices(snapshot, names, selection).map(serviceKey)).toEqual(expected)
})

test('json and yaml say the same', async () => {
  const yaml = await import('yaml')
  const [json, text] = await Promise.all(
    ['json', 'yaml'].map((format) => plan('-f', 'objects.yaml', '--node', 'node-1', '-o', format)),
  )
  expect(yaml.parse(text?.stdout ?? '')).toEqual(JSON.parse(json?.stdout ?? ''))
})

test('a problem of the input: the rest is planned, the problem named, exit 1', async () => {
  const { code, stdout, stderr } = await plan('-f', 'objects.yaml', '-f', 'faulty.yaml', '--node', 'node-1')
  expect(code).toBe(1)
  expect(stdout).toContain('172.30.0.43:6379/TCP')
  expect(stderr).toContain(
    'problem: Service shop/cache: metadata.annotations[evenkeel.io/scheduler]: no scheduler is called "fastest"',
  )
})

test('a node that is not among the objects: a warning names those that are', async () => {
  const { code, stderr } = await plan('-f', 'objects.yaml', '--node', 'node-9')
  expect(code).toBe(0)
  expect(stderr).toContain(
    'warning: Node node-9: is not among the objects, so it has no addresses and no zone; --node takes node-1',
  )
})

describe('exit 2 with a line that names the cure', () => {
  test.each<[string, string[], string]>([
    ['no objects', [], 'give -f FILE|DIR|- or --source manifests:DIR'],
    ['a Service that is not there', ['-f', 'objects.yaml', 'nope'], 'no Service default/nope among the objects'],
    ['a file that is not there', ['-f', 'nope.yaml'], 'nope.yaml'],
    ['a source that cannot be planned', ['--source', 'kubernetes'], 'manifests:DIR'],
    ['a configuration that cannot be used', ['-f', 'objects.yaml', '--config', 'bad-config.yaml'], 'clusterCIDR'],
    ['a plane that is not there', ['-f', 'objects.yaml', '--plane', 'absent'], 'plane absent: not in this version'],
    [
      'a plane that cannot run beside another proxy',
      ['-f', 'objects.yaml', '--plane', 'iptables', '--service-proxy-name', 'x'],
      'take --plane nftables',
    ],
    ['an unknown format', ['-f', 'objects.yaml', '-o', 'xml'], 'xml'],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await plan(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
