import { afterAll, beforeAll, expect, test } from 'vitest'
import { service, slice } from './objects.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/** What a Service's owner sees with kubectl; the agent has no more rights than deploy/base gives it. */
const account = { token: 'account-token', name: 'system:serviceaccount:kube-system:evenkeel', groups: [] }
const stack = new AsyncDisposableStack()
let world: KubeWorld

beforeAll(async () => {
  world = stack.use(await startWorld({ users: [account] }))
  await world.kubectl('apply', '-f', 'deploy/base/cluster-role.yaml', '-f', 'deploy/base/cluster-role-binding.yaml')
})
afterAll(() => stack.disposeAsync())

/** `reason object/name count` of all Events of ours, sorted. */
const events = async (): Promise<readonly string[]> => {
  const columns = 'R:.reason,K:.involvedObject.kind,N:.involvedObject.name,C:.series.count,U:.metadata.uid'
  const selector = '--field-selector=reportingComponent=evenkeel'
  const text = await world.kubectl('get', 'events', '-A', selector, '--no-headers', '-o', `custom-columns=${columns}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(/ +/g, ' '))
    .sort()
}

const startAgent = async (name: string) => {
  const kubeconfig = await world.cluster.kubeconfigFor({ token: account.token })
  const agent = world.agent(name, { kubeconfig, args: ['--log-level', 'debug'] })
  await world.inSync(agent)
  return agent
}

/** How an Event was told, in the agent's own words. */
const told = (agent: ReturnType<KubeWorld['agent']>): readonly unknown[] =>
  agent
    .log()
    .filter(({ msg }) => msg === 'an Event')
    .map((line) => line['told'])

test('what its owner must know stands with the Service, once, also after a restart', async () => {
  const external = { externalIPs: ['192.0.2.77'] }
  await world.apply(
    { ...service('lc'), metadata: { name: 'lc', annotations: { 'evenkeel.io/scheduler': 'lc' } } },
    slice('lc-1', 'lc', ['10.1.0.9']),
    service('first', external),
  )
  // creationTimestamp has whole seconds; by name `second` comes after `first` in any case
  await world.apply(service('second', external))

  const agent = await startAgent('agent')
  await until(async () => {
    const found = await events()
    expect(found.map((line) => line.replace(/ \S+$/, ''))).toEqual([
      'FrontendContested Service second <none>',
      'NotSupportedByPlane Service lc <none>',
    ])
  }, 120_000)
  const before = await events()
  expect(await world.kubectl('describe', 'service', 'second')).toMatch(
    /Warning\s+FrontendContested\s.*evenkeel.*192\.0\.2\.77:80\/TCP belongs to Service default\/first/,
  )
  expect(agent.log().filter(({ level }) => level === 'error')).toEqual([])
  await agent.kill('SIGTERM')

  const again = await startAgent('again')
  await until(() => expect(told(again)).toEqual(['recent', 'recent']), 120_000)
  expect(await events()).toEqual(before)
}, 300_000)
