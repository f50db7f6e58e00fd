import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openKernel } from '../kernel/index.ts'
import { enterPrivateNetwork } from '../kernel/namespace.ts'
import type { Nftables } from '../kernel/nftables/types.ts'
import { silent } from '../util/log.ts'

/** The command as a user runs it, in a network namespace of this file's own, against the real kernel. */
const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const children = new Set<ChildProcess>()
let directory = ''
let nftables: Nftables
/** nothing may touch the host's rules */
let isPrivate = false

beforeAll(async () => {
  await enterPrivateNetwork()
  isPrivate = true
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  nftables = await (await openKernel()).nftables(silent)
})
afterAll(() => nftables[Symbol.asyncDispose]())
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-run-'))
})
afterEach(async () => {
  for (const child of children) await kill(child, 'SIGKILL')
  nft('flush', 'ruleset')
  await rm(directory, { recursive: true })
})

const nft = (...args: readonly string[]): string => {
  if (!isPrivate) throw new Error('not in a network namespace of our own')
  return execFileSync('nft', args, { encoding: 'utf8' })
}

const run = (): ChildProcess => {
  const args = [main, 'run', '--source', `manifests:${directory}`, '--node', 'node-a', '--plane', 'nftables']
  const child = spawn(process.execPath, [...args, '--cluster-cidr', '10.1.0.0/16'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr?.resume()
  children.add(child)
  return child
}

const kill = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
  return child.exitCode
}

const evenkeel = (...args: readonly string[]): { code: number | null; out: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 30_000 })
  return { code: status, out: stdout + stderr }
}

const until = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 40_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const inSync = (): boolean => evenkeel('status').code === 0

const publish = async (services: Readonly<Record<string, readonly string[]>>): Promise<void> => {
  const objects = Object.entries(services).flatMap(([name, addresses], index) => [
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
      endpoints: addresses.map((address) => ({ addresses: [address] })),
    },
  ])
  await writeFile(join(directory, '.next'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  await rename(join(directory, '.next'), join(directory, 'objects.json'))
}

/** Everything but what packets did; anonymous of order. */
const rules = (): string => nft('--stateless', 'list', 'ruleset').split('\n').sort().join('\n')

describe('the agent on a real kernel', () => {
  test('ends at SIGTERM and leaves its rules; the next one writes nothing', async () => {
    await publish({ web: ['10.1.0.2', '10.1.0.3'], empty: [] })
    const first = run()
    await until(inSync)
    const before = rules()
    expect(before).toContain('10.1.0.3 . 8080')
    expect(await kill(first, 'SIGTERM')).toBe(0)
    expect(rules()).toBe(before)
    const generation = await nftables.generation()
    const second = run()
    await until(inSync)
    expect(await nftables.generation()).toBe(generation)
    expect(evenkeel('run', '--source', `manifests:${directory}`).out).toContain(
      'runs in this network namespace already',
    )
    expect(await kill(second, 'SIGKILL')).toBe(null)
    expect(rules()).toBe(before)
  })

  const interferences: Record<string, () => void> = {
    'an element deleted': () =>
      nft('delete', 'element', 'ip', tableOfServices(), 'services', '{ 10.96.0.1 . tcp . 80 }'),
    'every chain of a table flushed': () => nft('flush', 'table', 'ip', tableOfServices()),
    'a table deleted': () => nft('delete', 'table', 'ip', tableOfServices()),
    'everything deleted': () => nft('flush', 'ruleset'),
    'a rule added': () => {
      const [, chain = ''] = /chain (prerouting\S*) \{/.exec(nft('list', 'table', 'ip', tableOfServices())) ?? []
      nft('insert', 'rule', 'ip', tableOfServices(), chain, 'drop')
    },
  }

  test.each(Object.keys(interferences))('repairs what others did: %s', async (name) => {
    await publish({ web: ['10.1.0.2', '10.1.0.3'] })
    run()
    await until(inSync)
    const before = rules()
    interferences[name]?.()
    expect(rules()).not.toBe(before)
    await until(() => rules() === before)
    await until(inSync)
  })

  test('killed ten times in the middle of changes: the last one makes it right, and what stays reachable always was', async () => {
    await publish({ web: ['10.1.0.2'], other: ['10.1.0.9'] })
    let child = run()
    await until(inSync)
    for (let round = 0; round < 10; round++) {
      await publish({
        web: ['10.1.0.2', `10.1.0.${3 + round}`],
        other: ['10.1.0.9'],
        ...(round % 2 ? { extra: ['10.1.0.7'] } : {}),
      })
      // files are read when they have been quiet for 30 ms
      await new Promise((resolve) => setTimeout(resolve, 25 + 3 * round))
      await kill(child, 'SIGKILL')
      expect(rules()).toContain('10.1.0.9 . 8080')
      expect(rules()).toContain('10.1.0.2 . 8080')
      child = run()
    }
    await until(inSync)
    await publish({ web: ['10.1.0.4'] })
    await until(
      () => !rules().includes('10.1.0.9') && rules().includes('10.1.0.4 . 8080') && !rules().includes('10.1.0.2 '),
    )
    await until(inSync)
  })

  test('clean removes ours and nothing else, and not under a running agent', async () => {
    await publish({ web: ['10.1.0.2'] })
    nft('add', 'table', 'ip', 'somebody')
    const child = run()
    await until(inSync)
    expect(evenkeel('clean')).toMatchObject({ code: 2, out: expect.stringContaining('stop it first') })
    await kill(child, 'SIGTERM')
    expect(evenkeel('status')).toMatchObject({ code: 2, out: expect.stringContaining('no agent runs') })
    const source = ['--source', `manifests:${directory}`, '--node', 'node-a', '--cluster-cidr', '10.1.0.0/16']
    expect(evenkeel('status', ...source, '--plane', 'nftables')).toMatchObject({ code: 0 })
    const before = rules()
    expect(evenkeel('clean', '--dry-run').out).toContain('shop/web')
    expect(rules()).toBe(before)
    expect(evenkeel('clean').code).toBe(0)
    expect(nft('list', 'tables').trim()).toBe('table ip somebody')
    expect(evenkeel('status', ...source, '--plane', 'nftables')).toMatchObject({ code: 1 })
  })
})

/** The IPv4 table in which the first Service is dispatched. */
const tableOfServices = (): string => {
  for (const [, table = ''] of nft('list', 'tables').matchAll(/table ip (evenkeel\S*)/g)) {
    if (nft('list', 'table', 'ip', table).includes('10.96.0.1 . tcp . 80 : goto')) return table
  }
  throw new Error('no table dispatches the Service')
}
