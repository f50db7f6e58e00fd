import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enterPrivateNetwork } from '../kernel/namespace.ts'

/** The command as a user runs it, restarted while the API server is away, in a network namespace of this file's own. */
const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const children = new Set<ChildProcess>()
let directory = ''
let isPrivate = false

beforeAll(async () => {
  await enterPrivateNetwork()
  isPrivate = true
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-outage-'))
})
afterAll(async () => {
  for (const child of children) await kill(child)
  await rm(directory, { recursive: true })
})

const nft = (...args: readonly string[]): string => {
  if (!isPrivate) throw new Error('not in a network namespace of our own')
  return execFileSync('nft', args, { encoding: 'utf8' })
}

/** Anonymous of order; without the comments of tables, which are not read back. */
const rules = (): string =>
  nft('--stateless', 'list', 'ruleset')
    .split('\n')
    .filter((line) => !line.startsWith('\tcomment '))
    .sort()
    .join('\n')

const run = (...source: readonly string[]): ChildProcess => {
  const args = [main, 'run', ...source, '--node', 'node-a', '--plane', 'nftables', '--cluster-cidr', '10.1.0.0/16']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr?.resume()
  children.add(child)
  return child
}

const kill = async (child: ChildProcess): Promise<void> => {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

const status = (): { code: number | null; answer: Record<string, unknown> } => {
  const { status: code, stdout } = spawnSync(process.execPath, [main, 'status', '-o', 'json'], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code, answer: stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>) }
}

const until = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 60_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const objects = (['web', 'dns'] as const).flatMap((name, index) => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { type: 'NodePort', clusterIP: `10.96.0.${index + 1}`, ports: [{ port: 80, nodePort: 30_000 + index }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [{ addresses: ['10.1.0.2'] }, { addresses: ['10.1.0.3'] }],
  },
])

test('killed and restarted while the API server is away: the kernel stays as it was, and others cannot change it', async () => {
  await writeFile(join(directory, 'objects.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  const first = run('--source', `manifests:${directory}`)
  await until(() => status().code === 0)
  const before = rules()
  expect(before).toContain('10.1.0.3 . 8080')
  await kill(first)
  // nobody listens there
  const second = run('--source', 'kubernetes', '--master', 'http://127.0.0.1:1')
  await until(() => JSON.stringify(status().answer).includes('"kept":4'))
  expect(status()).toMatchObject({ code: 1, answer: { inSync: false, source: { synced: false } } })
  expect(rules()).toBe(before)
  nft('flush', 'ruleset')
  expect(rules()).not.toBe(before)
  await until(() => rules() === before)
  await kill(second)
  expect(rules()).toBe(before)
  run('--source', `manifests:${directory}`)
  await until(() => status().code === 0)
  expect(rules()).toBe(before)
})
