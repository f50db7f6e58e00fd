import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAgent, type TestAgent } from './agent.ts'
import { type KubeCluster, startCluster } from './cluster.ts'
import { differencesOf, type Family, type Layout, layoutOf } from './iptables-layout.ts'
import { proxyConfiguration, startKubeProxy } from './kube-proxy.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { registerNodes } from './node.ts'
import { applyKinds } from './service-kinds.ts'
import { until } from './until.ts'

/** The agent's rules on plane iptables beside those of the real kube-proxy for the same objects, as iptables-save prints both. */
const families = ['ip', 'ip6'] as const
const stack = new AsyncDisposableStack()
let cluster: KubeCluster
let theirs: Readonly<Record<Family, Layout>>
let ours: Readonly<Record<Family, Layout>>

const both = (): Readonly<Record<Family, Layout>> => ({ ip: layoutOf('ip'), ip6: layoutOf('ip6') })

const inSync = (agent: TestAgent): Promise<void> =>
  until(async () => expect((await agent.status()).inSync).toBe(true), 60_000)

/** Rules that stay the same for three looks, of a proxy that runs. */
const settled = async (isRunning: () => boolean): Promise<typeof ours> => {
  let last = ''
  let same = 0
  return until(
    () => {
      const found = both()
      const text = JSON.stringify(families.map((family) => [...found[family]]))
      same = text === last ? same + 1 : 0
      last = text
      const isThere = families.every((family) => found[family].has('nat KUBE-SERVICES'))
      expect([isRunning(), isThere, same >= 3]).toEqual([true, true, true])
      return found
    },
    60_000,
    700,
  )
}

beforeAll(async () => {
  stack.use(await becomeNode())
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  await registerNodes(cluster)
  await applyKinds(cluster)
  {
    await using kubeProxy = startKubeProxy(cluster, 'iptables')
    theirs = await settled(() => kubeProxy.exit() === null)
  }
  // all of it: what the kubelet shares with kube-proxy would be left by --cleanup, and be found where it is
  execFileSync('nft', ['flush', 'ruleset'])
  const config = join(cluster.directory, 'iptables.json')
  await writeFile(config, JSON.stringify(proxyConfiguration('iptables', cluster.kubeconfig)))
  const args = ['--plane', 'iptables', '--config', config]
  await using agent = startAgent(cluster.directory, 'iptables', cluster.kubeconfig, args)
  await inSync(agent)
  ours = await settled(() => agent.exit() === null)
})
afterAll(() => stack.disposeAsync())

/** What src/dataplane/iptables/README.md explains, by a word that stands there. */
const explained: readonly (readonly [word: string, difference: RegExp])[] = [
  // what a ClusterIP refuses that nobody serves: kube-proxy's other modes do, its iptables mode does not
  ['EVENKEEL-UNUSED', /EVENKEEL-UNUSED/],
  ['KUBE-EXTERNAL-SERVICES', /^\+ filter OUTPUT: .* -j KUBE-EXTERNAL-SERVICES$/],
]

test.each(families)('%s: the same chains and rules, but for what src/dataplane/iptables/README.md names', (family) => {
  expect(theirs[family].size).toBeGreaterThan(40)
  const differences = differencesOf(theirs[family], ours[family])
  expect(differences.filter((one) => !explained.some(([, pattern]) => pattern.test(one)))).toEqual([])
})

test('the README names each difference that there is', async () => {
  const readme = await readFile('src/dataplane/iptables/README.md', 'utf8')
  const all = families.flatMap((family) => differencesOf(theirs[family], ours[family]))
  for (const [word, pattern] of explained) {
    expect([word, all.some((one) => pattern.test(one))]).toEqual([word, true])
    expect(readme).toContain(word)
  }
})
