import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec } from '../../src/kernel/exec.ts'
import { type KubeCluster, startCluster } from './cluster.ts'
import { becomeNode, nodeAddresses } from './network.ts'
import { startNode } from './node.ts'
import { run } from './processes.ts'
import { until } from './until.ts'

/** What the real kube-proxy leaves behind when it is stopped. Its mode ipvs needs a kernel with ip_vs. */
const stack = new AsyncDisposableStack()
let cluster: KubeCluster

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const evenkeel = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

const codes = async (): Promise<readonly string[]> => {
  const { stdout } = await evenkeel('preflight', '-o', 'json')
  return (JSON.parse(stdout) as { findings: { code: string }[] }).findings.map(({ code }) => code)
}

const rules = (): Promise<string> => exec('nft', ['list', 'ruleset'])

beforeAll(async () => {
  const { pods } = stack.use(await becomeNode())
  cluster = stack.use(await startCluster({ addresses: [nodeAddresses.IPv4] }))
  stack.use(await startNode(cluster, pods))
  await cluster.kubectl(['create', 'service', 'nodeport', 'web', '--tcp=80:8080'])
})
afterAll(() => stack.disposeAsync())

test.for<readonly [string, RegExp, RegExp]>([
  ['nftables', /table ip kube-proxy/, /kube-proxy/],
  ['iptables', /chain KUBE-SERVICES/, /KUBE-(?!FIREWALL|KUBELET-CANARY|IPTABLES-HINT)/],
])('mode %s', async ([mode, made, gone]) => {
  const log = join(cluster.directory, `kube-proxy-${mode}.log`)
  const args = [`--kubeconfig=${cluster.kubeconfig}`, '--hostname-override=node-a', `--proxy-mode=${mode}`]
  const kubeProxy = run(cluster.bin.kubeProxy, [...args, '--conntrack-max-per-core=0'], log)
  try {
    await until(async () => expect(await rules()).toMatch(made))
    await until(async () => expect(await codes()).toContain('kube-proxy-runs'))
    const refused = await evenkeel('clean', '--kube-proxy', '--force')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('kube-proxy runs')
    expect(await rules()).toMatch(made)
  } finally {
    await kubeProxy[Symbol.asyncDispose]()
  }
  const found = await codes()
  expect(found).toContain('kube-proxy-leftovers')
  expect(found).not.toContain('kube-proxy-runs')
  // nothing of ours is in force here, which is what --force is about
  expect(await evenkeel('clean', '--kube-proxy', '--force')).toMatchObject({ code: 0, stderr: '' })
  expect(await rules()).not.toMatch(gone)
  expect(await codes()).not.toContain('kube-proxy-leftovers')
})
