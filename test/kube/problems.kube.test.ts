import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TestAgent } from './agent.ts'
import { createAuthority } from './certificates.ts'
import { complains, complaints } from './complaints.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/** What is wrong with the way to the API server is said in one clear line, and heals by itself where it can. */
let world: KubeWorld
let agent: TestAgent | null = null
const stack = new AsyncDisposableStack()
const restricted = { token: 'restricted-token', name: 'restricted', groups: [] }
const account = { token: 'account-token', name: 'system:serviceaccount:kube-system:evenkeel', groups: [] }

beforeAll(async () => {
  world = stack.use(await startWorld({ users: [restricted, account] }))
})
afterEach(async () => {
  world.proxy.meet(() => undefined)
  await agent?.kill('SIGTERM')
  agent = null
})
afterAll(() => stack.disposeAsync())

test.for([
  ['a kubeconfig that is not there', undefined, /kubeconfig.*nowhere/],
  ['a kubeconfig that is no YAML', '{', /not YAML/],
  ['a kubeconfig without a context', 'apiVersion: v1\nkind: Config\n', /context|cluster/],
] as const)('%s: ends at once, named', async ([, text, words]) => {
  const path = join(world.cluster.directory, text === undefined ? 'nowhere' : `bad-${text.length}`)
  if (text !== undefined) await writeFile(path, text)
  const ended = world.agent(`bad-${text?.length ?? 0}`, { kubeconfig: path })
  await until(() => expect(ended.exit()).toMatch(/^exit [12]$/))
  const said = ended.log().map(({ msg }) => msg)
  expect(said.filter((line) => words.test(line))).toHaveLength(1)
})

test('a token that is not accepted: named; a renewed one in its file heals it', async () => {
  const tokenFile = join(world.cluster.directory, 'token')
  await writeFile(tokenFile, 'expired')
  agent = world.agent('token', { kubeconfig: await world.cluster.kubeconfigFor({ user: { tokenFile } }) })
  await complains(agent, /does not accept the credentials.*renew/)
  await writeFile(tokenFile, world.cluster.adminToken)
  await world.inSync(agent, 90_000)
})

test('a user who may not read: named with what to grant; granted, it heals', async () => {
  agent = world.agent('forbidden', { kubeconfig: await world.cluster.kubeconfigFor({ token: restricted.token }) })
  await complains(agent, /forbidden.*services.*ClusterRole/)
  await world.kubectl('create', 'clusterrolebinding', 'restricted', '--clusterrole=cluster-admin', '--user=restricted')
  await world.inSync(agent, 90_000)
  await world.kubectl('delete', 'clusterrolebinding', 'restricted')
})

test('an API server without ServiceCIDRs: named, and in sync without', async () => {
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 })
  world.proxy.meet(({ resource }) => (resource === 'servicecidrs' ? { answer: { status: 404, body } } : undefined))
  agent = world.agent('old')
  await world.inSync(agent)
  await complains(agent, /servicecidrs.*the rest goes on without/)
})

test('a certificate of another authority: named', async () => {
  const { pem } = createAuthority(world.cluster.directory, 'another')
  agent = world.agent('tls', { kubeconfig: await world.cluster.kubeconfigFor({ ca: pem }) })
  await complains(agent, /not signed by the CA of .*certificate-authority/)
})

test('a certificate for other names: named', async () => {
  const server = `https://127.0.0.2:${world.cluster.port}`
  agent = world.agent('name', { kubeconfig: await world.cluster.kubeconfigFor({ server }) })
  await complains(agent, /is for other names.*tls-server-name/)
})

test('an address where nobody listens: named; when it comes up, it heals', async () => {
  await world.proxy.close()
  agent = world.agent('refused')
  await complains(agent, /refuses connections/)
  await world.proxy.open()
  await world.inSync(agent, 90_000)
})

test("the deployment's ClusterRole is enough", async () => {
  await world.kubectl('apply', '-f', 'deploy/base/cluster-role.yaml', '-f', 'deploy/base/cluster-role-binding.yaml')
  agent = world.agent('least', { kubeconfig: await world.cluster.kubeconfigFor({ token: account.token }) })
  const status = await world.inSync(agent)
  expect(status.source.problem).toBeUndefined()
  expect(complaints(agent)).toEqual([])
})
