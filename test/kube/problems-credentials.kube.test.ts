import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TestAgent } from './agent.ts'
import type { Certificate } from './certificates.ts'
import { complains } from './complaints.ts'
import { service, slice } from './objects.ts'
import { addressesInForce } from './rules-text.ts'
import { serviceAccountToken } from './service-account-token.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/** Credentials run out while the agent works: the rules stay, it is said once, and new ones in the same file heal it without a restart. */
let world: KubeWorld
let agent: TestAgent | null = null
const stack = new AsyncDisposableStack()
const account = { namespace: 'kube-system', name: 'evenkeel' }
const renew = /does not accept the credentials.*expired.*renew/

beforeAll(async () => {
  world = stack.use(await startWorld())
  await world.kubectl('apply', '-f', 'deploy/base/service-account.yaml', '-n', account.namespace)
  await world.kubectl('apply', '-f', 'deploy/base/cluster-role.yaml', '-f', 'deploy/base/cluster-role-binding.yaml')
  await world.apply(service('plain', { selector: null }), slice('plain-1', 'plain', ['10.1.0.200']))
})
afterEach(async () => {
  await agent?.kill('SIGTERM')
  agent = null
})
afterAll(() => stack.disposeAsync())

const throughProxy = (user: Readonly<Record<string, unknown>>): Promise<string> =>
  world.cluster.kubeconfigFor({ server: world.proxy.url, user })

/** Credentials are judged when a request begins: watches that were let in go on. */
const untilRefused = async (of: TestAgent): Promise<void> => {
  const before = addressesInForce()
  const cutting = setInterval(() => world.proxy.cut(), 1_000)
  try {
    await complains(of, renew)
  } finally {
    clearInterval(cutting)
  }
  expect(addressesInForce()).toEqual(before)
}

test("a service account's token expires while the agent runs; the kubelet writes the next one", async () => {
  const tokenFile = join(world.cluster.directory, 'service-account-token')
  await writeFile(tokenFile, await serviceAccountToken(world.cluster, account, 15))
  agent = world.agent('token-expires', { kubeconfig: await throughProxy({ tokenFile }) })
  await world.inSync(agent)
  await untilRefused(agent)
  await world.apply(slice('plain-1', 'plain', ['10.1.0.201']))
  await writeFile(tokenFile, await serviceAccountToken(world.cluster, account, 600))
  await world.inSync(agent, 90_000)
  // those resources that wait for their next attempt, too
  await until(async () => expect((await agent?.status())?.source.problem).toBeUndefined(), 90_000)
})

test('a token that had expired before the agent came', async () => {
  const tokenFile = join(world.cluster.directory, 'old-token')
  await writeFile(tokenFile, await serviceAccountToken(world.cluster, account, -60))
  agent = world.agent('token-expired', { kubeconfig: await throughProxy({ tokenFile }) })
  await complains(agent, renew)
  await writeFile(tokenFile, await serviceAccountToken(world.cluster, account, 600))
  await world.inSync(agent, 90_000)
})

test('a client certificate that has expired; a new one in its files', async () => {
  const { directory, authority } = world.cluster
  const put = async ({ certificate, key }: Certificate): Promise<void> => {
    await writeFile(join(directory, 'agent.key'), await readFile(key))
    await writeFile(join(directory, 'agent.crt'), await readFile(certificate))
  }
  await put(authority.forClient('expired-agent', 'someone', ['system:masters'], -1))
  const user = { 'client-certificate': join(directory, 'agent.crt'), 'client-key': join(directory, 'agent.key') }
  // not by way of the proxy, which ends TLS
  agent = world.agent('certificate-expired', { kubeconfig: await world.cluster.kubeconfigFor({ user }) })
  await complains(agent, renew)
  await put(authority.forClient('new-agent', 'someone', ['system:masters']))
  await world.inSync(agent, 90_000)
})
