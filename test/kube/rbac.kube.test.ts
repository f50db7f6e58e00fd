import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exec } from '../../src/kernel/exec.ts'
import type { KubeCluster } from './cluster.ts'
import type { SeenRequest } from './fault-proxy.ts'
import { service, slice } from './objects.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/** The deployment's ClusterRole lets the agent do all that it does, and nothing else. */
let world: KubeWorld
const stack = new AsyncDisposableStack()
const account = { token: 'account-token', name: 'system:serviceaccount:kube-system:evenkeel', groups: [] }
const proxyLabel = 'service.kubernetes.io/service-proxy-name'

beforeAll(async () => {
  world = stack.use(await startWorld({ users: [account] }))
  await world.kubectl('apply', '-f', 'deploy/base/service-account.yaml', '-n', 'kube-system')
  await world.kubectl('apply', '-f', 'deploy/base/cluster-role.yaml', '-f', 'deploy/base/cluster-role-binding.yaml')
})
afterAll(() => stack.disposeAsync())

interface Role {
  readonly rules: readonly {
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
    readonly verbs: readonly string[]
  }[]
}

/** `list services`, `watch endpointslices.discovery.k8s.io`, … sorted */
const grantsOf = ({ rules }: Role): readonly string[] =>
  rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => `${verb} ${group === '' ? resource : `${resource}.${group}`}`),
        ),
      ),
    )
    .toSorted()

const written = async (): Promise<Role> => parse(await readFile('deploy/base/cluster-role.yaml', 'utf8')) as Role

/** What the API server's authorizer looks at (k8s.io/apiserver RequestInfo), as far as an agent's requests go. */
const askedFor = ({ method, kind, url }: SeenRequest): string => {
  const parts = url.pathname.split('/').filter((part) => part !== '')
  const [group, rest] = parts[0] === 'api' ? ['', parts.slice(2)] : [parts[1], parts.slice(3)]
  const [resource = '', name] = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest
  const verbs: Readonly<Record<string, string>> = { POST: 'create', PATCH: 'patch', PUT: 'update', DELETE: 'delete' }
  const reading = name === undefined ? (kind === 'list' || kind === 'other' ? 'list' : 'watch') : 'get'
  return `${verbs[method] ?? reading} ${group === '' ? resource : `${resource}.${group}`}`
}

const can = async ({ bin, kubeconfig }: KubeCluster, verb: string, resource: string): Promise<string> => {
  const args = ['auth', 'can-i', verb, resource, '--all-namespaces', `--as=${account.name}`, '--kubeconfig', kubeconfig]
  return (await exec(bin.kubectl, args, { accept: [1] })).trim()
}

test('with the role alone the agent is in sync, alone and beside kube-proxy, and asks for nothing that is not granted', async () => {
  const kubeconfig = await world.cluster.kubeconfigFor({ server: world.proxy.url, token: account.token })
  await world.apply(service('plain', { selector: null }), slice('plain-1', 'plain', ['10.1.0.200']))
  {
    await using alone = world.agent('alone', { kubeconfig })
    expect((await world.inSync(alone)).source.problem).toBeUndefined()
  }
  {
    const args = ['--service-proxy-name=evenkeel', '--healthz-bind-address=', '--metrics-bind-address=']
    await using beside = world.agent('beside', { kubeconfig, args })
    await world.kubectl('label', 'service', 'plain', `${proxyLabel}=evenkeel`)
    await until(async () => expect((await beside.status()).planes[0]?.frontends).toBeGreaterThan(0))
    // it looks after a Service that leaves
    await world.kubectl('label', 'service', 'plain', `${proxyLabel}-`)
    await until(async () => expect(world.proxy.requests.map(askedFor)).toContain('list services'))
    expect((await beside.status()).source.problem).toBeUndefined()
  }
  const granted = new Set(grantsOf(await written()))
  const asked = new Set(world.proxy.requests.map(askedFor))
  expect([...asked].filter((one) => !granted.has(one))).toEqual([])
  expect([...asked]).toEqual(expect.arrayContaining(['watch services', 'watch nodes']))
})

test('the API server grants what the role says', async () => {
  for (const grant of grantsOf(await written())) {
    const [verb = '', resource = ''] = grant.split(' ')
    expect([grant, await can(world.cluster, verb, resource)]).toEqual([grant, 'yes'])
  }
})

test.for([
  ['get', 'secrets'],
  ['list', 'pods'],
  ['get', 'configmaps'],
  ['update', 'services'],
  ['patch', 'nodes'],
  ['patch', 'nodes/status'],
  ['create', 'pods/exec'],
  ['create', 'serviceaccounts/token'],
  ['impersonate', 'users'],
  ['escalate', 'clusterroles.rbac.authorization.k8s.io'],
  ['delete', 'events.events.k8s.io'],
  ['list', 'events.events.k8s.io'],
  ['update', 'endpointslices.discovery.k8s.io'],
  ['*', '*'],
] as const)('it does not let the agent %s %s', async ([verb, resource]) => {
  expect(await can(world.cluster, verb, resource)).toMatch(/^no/)
})

test('no wildcard, no resource twice', async () => {
  const grants = grantsOf(await written())
  expect(grants.filter((grant) => grant.includes('*'))).toEqual([])
  expect(new Set(grants).size).toBe(grants.length)
})
