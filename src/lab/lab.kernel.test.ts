import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { evenApplication, evenPod } from './even.ts'
import { exec } from '../kernel/exec.ts'
import { inNetns, listNetns } from './ip.ts'
import { type Lab, openLab } from './lab.ts'
import { processesOf } from './processes.ts'
import { readCounts } from './pods.ts'
import { directoryOf, readLab, removeAbandoned, removeLab, stateOf } from './state.ts'
import type { ConnectResult } from './traffic-protocol.ts'
import { allocate } from './controller/allocate.ts'

const ids = { open: `unit${process.pid}a`, crashed: `unit${process.pid}b`, interrupted: `unit${process.pid}c` }

/** Interfaces, addresses and routes of the namespace that the tests run in. */
const outside = async (): Promise<string> => {
  const parts = [
    ['-o', 'link'],
    ['-o', 'address'],
    ['route', 'show', 'table', 'all'],
    ['-6', 'route'],
  ]
  const shown = await Promise.all(parts.map((args) => exec('ip', args)))
  return shown.join('\n').replace(/(valid_lft|preferred_lft|expires) \d+sec/g, '$1')
}

const namespacesOf = async (id: string): Promise<readonly string[]> =>
  (await listNetns()).filter((name) => name.includes(`-${id}-`))

const open = async (
  id: string,
  signal = new AbortController().signal,
  progress: (text: string) => void = () => {},
): Promise<Lab> => {
  const application = evenApplication({ pods: 3, nodes: 2, families: ['IPv4', 'IPv6'], weighted: false })
  const { services } = allocate(application.services)
  return openLab({
    id,
    scenario: 'test',
    nodes: 2,
    pods: application.pods,
    services,
    slices: [],
    signal,
    progress,
    note: () => {},
  })
}

afterEach(async () => {
  for (const id of Object.values(ids)) await removeLab(id)
})

const expectNothingLeft = async (id: string): Promise<void> => {
  expect(await namespacesOf(id)).toEqual([])
  expect(processesOf(id)).toEqual([])
  expect(existsSync(directoryOf(id))).toBe(false)
}

describe('a lab', () => {
  it('joins all places in both families, counts in its pods, and leaves nothing behind', async () => {
    const before = await outside()
    {
      await using lab = await open(ids.open)
      expect(await outside()).toBe(before)
      const added = await lab.addPod(evenPod('pod-3'))
      const targets = lab.cluster.pods.flatMap(({ addresses }) =>
        [addresses.IPv4, addresses.IPv6].map((address) => ({ address, port: 8080, protocol: 'TCP' as const })),
      )
      const atFirst = await readCounts(lab.pods)
      const inside = lab.sources.filter(({ kind }) => kind !== 'client')
      for (const { name, remote } of inside) {
        const request = { targets, counts: targets.map(() => 2), concurrency: 4, timeoutMs: 5000 }
        const result = await remote.request<ConnectResult>('connect', request)
        expect({ name, ...result }).toMatchObject({ name, attempted: 16, failures: 0, errors: {} })
      }
      const counts = await readCounts(lab.pods)
      for (const [pod, { connections, requests }] of counts) {
        expect(connections - (atFirst.get(pod)?.connections ?? 0)).toBe(inside.length * 4)
        expect(requests).toBe(inside.length * 4)
      }
      await lab.removePod(added)
      expect(lab.pods).toHaveLength(3)
    }
    await expectNothingLeft(ids.open)
    expect(await outside()).toBe(before)
  })

  it('answers HTTP too, with the address that asked', async () => {
    await using lab = await open(ids.open)
    const [source] = lab.sources
    const [pod] = lab.cluster.pods
    if (source === undefined || pod === undefined) throw new Error('an empty lab')
    const script = `process.stdout.write(await (await fetch('http://${pod.addresses.IPv4}:8080/')).text())`
    const command = [process.execPath, '--input-type=module', '-e', script]
    const shown = await exec('ip', inNetns(lab.cluster.nodes[1]?.netns ?? '', command))
    expect(JSON.parse(shown)).toMatchObject({ pod: 'pod-0', from: '192.168.77.11', port: 8080 })
  })

  it('keeps its pods connected when another comes and goes', async () => {
    await using lab = await open(ids.open)
    const netns = lab.cluster.nodes[0]?.netns ?? ''
    const ip = (line: string): Promise<string> => exec('ip', ['-n', netns, ...line.split(' ')])
    const [target] = lab.cluster.pods
    const source = lab.sources.find(({ kind }) => kind === 'pod')
    if (source === undefined || target === undefined) throw new Error('an empty lab')
    const targets = [{ address: target.addresses.IPv4, port: 8080, protocol: 'TCP' as const }]
    const connect = (): Promise<ConnectResult> =>
      source.remote.request<ConnectResult>('connect', { targets, counts: [3], concurrency: 1, timeoutMs: 2000 })
    const gateway = await ip('-br link show pods')
    // a bridge without an address of its own takes the lowest of its ports'
    await ip('link add low address 02:00:00:00:00:01 type veth peer name wol')
    await ip('link set low master pods up')
    expect(await ip('-br link show pods')).toBe(gateway)
    expect(await connect()).toMatchObject({ failures: 0 })
    await ip('link del low')
    expect(await connect()).toMatchObject({ failures: 0 })
  })

  it('is removed when it is interrupted half-way', async () => {
    const interruption = new AbortController()
    const opening = open(ids.interrupted, interruption.signal, (text) => {
      if (text.startsWith('pods')) interruption.abort(new Error('enough'))
    })
    await expect(opening).rejects.toThrow('enough')
    await expectNothingLeft(ids.interrupted)
  })

  it('does not take a name that is taken', async () => {
    await using lab = await open(ids.open)
    await expect(open(ids.open)).rejects.toThrow(`lab down ${lab.cluster.id}`)
    expect(await namespacesOf(ids.open)).toHaveLength(7)
  })
})

/** A lab in another process, so that it can be killed. */
const openElsewhere = async (id: string): Promise<ChildProcess> => {
  const script = `
    const { openLab } = await import(${JSON.stringify(new URL('./lab.ts', import.meta.url).href)})
    const lab = await openLab({ id: ${JSON.stringify(id)}, scenario: 'test', nodes: 2, services: [], slices: [],
      pods: [{ namespace: 'default', name: 'pod-0', labels: {}, ports: [{ name: '', protocol: 'TCP', port: 80 }] }],
      signal: new AbortController().signal, progress() {}, note() {} })
    console.log('open')
    setInterval(() => lab, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  if (child.stdout) await once(createInterface({ input: child.stdout }), 'line')
  return child
}

describe('a lab whose maker was killed', () => {
  it('is found, told from those in use, and removed with its processes', async () => {
    const maker = await openElsewhere(ids.crashed)
    const record = await readLab(ids.crashed)
    if (record === undefined) throw new Error('no record')
    expect(stateOf(record)).toBe('running')
    expect(await removeAbandoned()).not.toContain(ids.crashed)

    maker.kill('SIGKILL')
    await once(maker, 'exit')
    expect(stateOf(record)).toBe('abandoned')
    expect(stateOf({ ...record, kept: true })).toBe('kept')
    expect(processesOf(ids.crashed).length).toBeGreaterThan(0)

    expect(await removeAbandoned()).toContain(ids.crashed)
    await expectNothingLeft(ids.crashed)
  })
})
