import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type Socket, connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createNamespace } from '../../../../test/support/namespaces.ts'
import { IPVS_FILE } from '../../../inspect/kube-proxy/ipvs-services.ts'
import { enterPrivateNetwork } from '../../../kernel/namespace.ts'
import { addressNumber } from '../../address.ts'
import { policyOf } from '../../defaults.ts'
import { type Counts, type Picker, countsOf } from '../picker.ts'
import { pickerOf } from '../picker-of.ts'

/** The simulator's ipvs schedulers beside the kernel's, connection by connection. */
const without = existsSync(IPVS_FILE) ? '' : 'this kernel has no IPVS (make test-vm has)'

const SERVICE = '10.96.0.10'
/** each test has its own: the kernel remembers a destination of a service that is gone, with the connections it still has */
const FIRST_PORT = 8000
const FIRST_SOURCE_PORT = 40_000
const PORTS = 32_768
const pods = Array.from({ length: 5 }, (_, i) => `10.0.0.${i + 1}`)
const clients = Array.from({ length: 12 }, (_, i) => `10.1.0.${i + 1}`)

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', timeout: 60_000 })

/** Tells whom it was asked as, and keeps the connection. */
const server = `
require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.write(socket.localAddress + '\\n')
  socket.on('end', () => socket.end())
}).listen(80, '0.0.0.0', () => process.stdout.write('listening'))
`

interface Peer extends AsyncDisposable {
  readonly name: string
}

/** A namespace with the pods' addresses and a server; the test's own network is the node. */
const startPods = async (): Promise<Peer> => {
  const namespace = createNamespace('ek-ipvs', 'pods')
  const there = (...args: readonly string[]): string => run('ip', '-n', namespace.name, ...args)
  run('ip', 'link', 'set', 'lo', 'up')
  run('ip', 'link', 'add', 'node', 'type', 'veth', 'peer', 'name', 'pods')
  run('ip', 'link', 'set', 'pods', 'netns', namespace.name)
  for (const address of clients) run('ip', 'addr', 'add', `${address}/24`, 'dev', 'node')
  run('ip', 'link', 'set', 'node', 'up')
  there('addr', 'add', '10.1.0.254/24', 'dev', 'pods')
  there('link', 'set', 'pods', 'up')
  for (const address of pods) there('addr', 'add', `${address}/32`, 'dev', 'lo')
  run('ip', 'route', 'add', '10.0.0.0/24', 'via', '10.1.0.254')
  run('ip', 'route', 'add', '10.96.0.0/16', 'via', '10.1.0.254')
  const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, '-e', server], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout !== null) await once(child.stdout, 'data', { signal: AbortSignal.timeout(60_000) })
  return {
    name: namespace.name,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      namespace[Symbol.dispose]()
    },
  }
}

interface Opened {
  readonly pod: number
  readonly client: string
  readonly port: number
  readonly socket: Socket
}

const held: { peer: Peer | null; sockets: Socket[]; connections: number } = { peer: null, sockets: [], connections: 0 }

/** pod −1: dropped, or refused by the kernel. The source port is known also then. */
const open = async (servicePort: number, client: string): Promise<Opened> => {
  const port = FIRST_SOURCE_PORT + held.connections++
  const socket = connect({ host: SERVICE, port: servicePort, localAddress: client, localPort: port })
  try {
    const [greeting] = (await once(socket, 'data', { signal: AbortSignal.timeout(30_000) })) as [Buffer]
    return { pod: pods.indexOf(greeting.toString().trim()), client, port, socket }
  } catch {
    return { pod: -1, client, port, socket }
  }
}

interface Model {
  readonly servicePort: number
  readonly picker: Picker
  readonly counts: Counts
  /** for mh, which hashes it */
  port: number
}

const modelOf = (name: string, weights: readonly number[], servicePort: number): Model => {
  const counts = countsOf(pods.length)
  const model = { servicePort, counts, port: PORTS }
  const picker = pickerOf({
    policy: policyOf(`ipvs-${name}` as Parameters<typeof policyOf>[0]),
    backends: pods.map((address, i) => ({ address, port: 80, weight: weights[i] ?? 1, pod: address, node: 'n' })),
    weights: Float64Array.from(weights),
    counts,
    turn: { next: 0 },
    random: () => model.port - PORTS,
    seed: 'n',
    ramp: () => 1,
  })
  return Object.assign(model, { picker })
}

const service = (...args: readonly string[]): string => run('ipvsadm', ...args)
const change = ({ servicePort }: Model, how: '-a' | '-e', pod: number, weight: number): string =>
  service(how, '-t', `${SERVICE}:${servicePort}`, '-r', `${pods[pod]}:80`, '-m', '-w', `${weight}`)

/** Opens connections from the clients in turn, all kept, and asks the model who should have got each. */
const rounds = async (
  model: Model,
  count: number,
): Promise<{ real: number[]; modelled: number[]; opened: Opened[] }> => {
  const [real, modelled, opened]: [number[], number[], Opened[]] = [[], [], []]
  for (let i = 0; i < count; i++) {
    const one = await open(model.servicePort, clients[i % clients.length] ?? '')
    model.port = one.port
    const pod = model.picker.pick(addressNumber(one.client))
    if (pod >= 0) model.counts.active[pod] = (model.counts.active[pod] ?? 0) + 1
    real.push(one.pod)
    modelled.push(pod)
    opened.push(one)
  }
  return { real, modelled, opened }
}

const close = async (model: Model, { socket, pod }: Opened): Promise<void> => {
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(30_000) })
  socket.end()
  await closed
  model.counts.active[pod] = (model.counts.active[pod] ?? 0) - 1
  model.counts.inactive[pod] = (model.counts.inactive[pod] ?? 0) + 1
}

beforeAll(async () => {
  if (without !== '') return
  await enterPrivateNetwork()
  held.peer = await startPods()
})
beforeEach((context) => context.skip(without !== '', without))
afterEach(() => {
  for (const socket of held.sockets.splice(0)) socket.destroy()
  if (without === '') service('-C')
})
afterAll(async () => {
  await held.peer?.[Symbol.asyncDispose]()
})

const schedulers: [name: string, weights: number[], flags: string[]][] = [
  ['rr', [1, 1, 0, 1, 1], []],
  ['wrr', [1, 2, 4, 3, 1], []],
  ['wrr', [2, 4, 6, 2, 2], []],
  ['lc', [1, 1, 1, 1, 1], []],
  ['wlc', [3, 1, 2, 0, 1], []],
  ['sed', [3, 1, 2, 0, 1], []],
  ['nq', [4, 1, 1, 2, 1], []],
  ['sh', [1, 1, 2, 1, 1], []],
  ['dh', [1, 1, 1, 1, 1], []],
  ['mh', [1, 1, 2, 1, 1], ['-b', 'mh-port']],
]

const rows = schedulers.map(([name, weights, flags], i) => ({ name, weights, flags, servicePort: FIRST_PORT + i }))

test.each(rows)(
  '$name with weights $weights picks as the kernel does',
  async ({ name, weights, flags, servicePort }) => {
    const model = modelOf(name, weights, servicePort)
    service('-A', '-t', `${SERVICE}:${servicePort}`, '-s', name, ...flags)
    const first = [0, 1, 2, 3]
    for (const pod of first) change(model, '-a', pod, weights[pod] ?? 1)
    model.picker.update(first)

    const begun = await rounds(model, 16)
    held.sockets.push(...begun.opened.map(({ socket }) => socket))
    expect(begun.real).toEqual(begun.modelled)

    // some end: they still count as inactive
    for (const one of begun.opened.slice(0, 6)) if (one.pod >= 0) await close(model, one)
    const after = await rounds(model, 6)
    held.sockets.push(...after.opened.map(({ socket }) => socket))
    expect(after.real).toEqual(after.modelled)

    // one more comes, and one that still has connections is quiesced
    change(model, '-a', 4, weights[4] ?? 1)
    change(model, '-e', 1, 0)
    model.picker.update([0, 2, 3, 4])
    const changed = await rounds(model, 12)
    held.sockets.push(...changed.opened.map(({ socket }) => socket))
    expect(changed.real).toEqual(changed.modelled)
  },
)
