import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach } from 'vitest'
import type { Nftables } from '../../src/kernel/nftables/types.ts'
import { nft, useOwnNftables } from './own-nftables.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** What every agent of these tests is told. */
export const nodeFlags = ['--node', 'node-a', '--plane', 'nftables', '--cluster-cidr', '10.1.0.0/16'] as const

/** The command as a user runs it, in a network namespace of a test file's own, against the real kernel. */
export interface RunningAgents {
  readonly nftables: Nftables
  /** manifests, as `--source` takes them; empty at the start of each test */
  readonly source: string
  /** `evenkeel run` with these flags, which is killed after the test; default: the manifests */
  run(...flags: readonly string[]): ChildProcess
  /** its exit code; null: the signal ended it. Default SIGKILL */
  kill(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null>
  /** Services of NodePorts with these endpoints: all there is from now on */
  publish(services: Readonly<Record<string, readonly string[]>>): Promise<void>
}

/** Any other command; 30 s at the most. */
export const evenkeel = (
  ...args: readonly string[]
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 30_000 })
  return { code: status, stdout, stderr }
}

/** Throws when it does not hold within a minute. */
export const until = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 60_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The ruleset without what packets did; anonymous of order. */
export const rules = (): string => nft('--stateless', 'list', 'ruleset').split('\n').sort().join('\n')

export const useRunningAgents = (): RunningAgents => {
  const children = new Set<ChildProcess>()
  let nftables: Nftables | null = null
  let directory = ''
  const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> => {
    children.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
    return child.exitCode
  }
  useOwnNftables((opened) => {
    nftables = opened
  })
  beforeAll(() => void execFileSync('ip', ['link', 'set', 'lo', 'up']))
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'evenkeel-run-'))
  })
  // hooks of the end run last first: no agent may put back what is flushed
  afterEach(async () => {
    for (const child of children) await kill(child)
    await rm(directory, { recursive: true })
  })
  return {
    get nftables() {
      if (nftables === null) throw new Error('not in a network namespace of our own')
      return nftables
    },
    get source() {
      return `manifests:${directory}`
    },
    run(...flags) {
      if (nftables === null) throw new Error('not in a network namespace of our own')
      const given = flags.length > 0 ? flags : ['--source', `manifests:${directory}`]
      const child = spawn(process.execPath, [main, 'run', ...given, ...nodeFlags], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child.stderr?.resume()
      children.add(child)
      return child
    },
    kill,
    async publish(services) {
      const list = { apiVersion: 'v1', kind: 'List', items: Object.entries(services).flatMap(objectsOf) }
      await writeFile(join(directory, '.next'), JSON.stringify(list))
      await rename(join(directory, '.next'), join(directory, 'objects.json'))
    },
  }
}

const objectsOf = ([name, addresses]: readonly [string, readonly string[]], index: number): readonly object[] => [
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
]
