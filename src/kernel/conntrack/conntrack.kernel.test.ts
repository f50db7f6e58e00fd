import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { silent } from '../../util/log.ts'
import type { Conntrack, FlowFilter } from '../conntrack-types.ts'
import { openKernel } from '../index.ts'
import { enterPrivateNetwork } from '../namespace.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
let conntrack: Conntrack
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-conntrack-'))

beforeAll(async () => {
  await enterPrivateNetwork()
  conntrack = await (await openKernel()).conntrack(silent)
})
afterEach(() => execFileSync('conntrack', ['-F'], { stdio: 'ignore' }))
afterAll(() => {
  rmSync(directory, { recursive: true })
  return conntrack[Symbol.asyncDispose]()
})

interface Flow {
  readonly protocol?: keyof typeof states
  readonly source: string
  readonly to: string
  readonly port: number
  readonly backend?: string
  readonly answered?: boolean
}

const states = {
  udp: '',
  tcp: ' --state ESTABLISHED',
  sctp: ' --state COOKIE_WAIT --orig-vtag 1 --reply-vtag 2',
} as const

/** Makes flows as if packets had: `conntrack` loads one a line. */
function make(flows: readonly Flow[]): void {
  const lines = flows.map(({ protocol = 'udp', source, to, port, backend, answered = false }) => {
    const state = answered ? `${states[protocol]} --status SEEN_REPLY` : states[protocol]
    const tuple = `--src ${source} --dst ${to} --sport 4000 --dport ${port}`
    const reply = `--reply-src ${backend ?? to} --reply-dst ${source} --reply-port-src ${backend ? 5353 : port} --reply-port-dst 4000`
    return `-I -p ${protocol} ${tuple} ${reply} --timeout 300${state}`
  })
  const file = join(directory, 'flows')
  writeFileSync(file, `${lines.join('\n')}\n`)
  execFileSync('conntrack', ['-R', file], { stdio: 'ignore' })
}

const count = (): number => Number(execFileSync('conntrack', ['-C'], { encoding: 'utf8' }))
const toBackend = (address: string): FlowFilter['backend'] => ({ address, port: 5353 })

const flows: readonly Flow[] = [
  { source: '10.1.0.1', to: '10.96.0.10', port: 53, backend: '10.2.0.1' },
  { source: '10.1.0.2', to: '10.96.0.10', port: 53, backend: '10.2.0.1' },
  { source: '10.1.0.3', to: '10.96.0.10', port: 53, backend: '10.2.0.2' },
  { source: '10.1.0.4', to: '10.96.0.10', port: 53 },
  { source: '10.1.0.5', to: '10.96.0.11', port: 53, backend: '10.2.0.1' },
  { source: '10.1.0.6', to: '192.0.2.1', port: 30053, backend: '10.2.0.1' },
  { protocol: 'tcp', source: '10.1.0.1', to: '10.96.0.10', port: 53, backend: '10.2.0.1' },
  { source: 'fd01::1', to: 'fd96::10', port: 53, backend: 'fd02::1' },
  { source: 'fd01::2', to: 'fd96::11', port: 30053 },
]

const udp = { protocol: 'UDP', port: 53 } as const
test.each<[string, readonly FlowFilter[], number]>([
  ['one backend of a frontend', [{ ...udp, address: '10.96.0.10', backend: toBackend('10.2.0.1') }], 2],
  ['a backend that no flow went to', [{ ...udp, address: '10.96.0.10', backend: toBackend('10.2.0.9') }], 0],
  ['all flows of a frontend, NATed or not', [{ ...udp, address: '10.96.0.10', backend: null }], 4],
  ['a frontend of IPv6', [{ ...udp, address: 'fd96::10', backend: toBackend('fd02::1') }], 1],
  ['a node port, of both families', [{ protocol: 'UDP', address: null, port: 30053, backend: null }], 2],
  ['another protocol', [{ protocol: 'TCP', address: '10.96.0.10', port: 53, backend: null }], 1],
  ['a protocol without flows', [{ protocol: 'SCTP', address: '10.96.0.10', port: 53, backend: null }], 0],
  [
    'several filters, one flow wanted by two of them',
    [
      { ...udp, address: '10.96.0.10', backend: toBackend('10.2.0.1') },
      { ...udp, address: '10.96.0.10', backend: null },
      { ...udp, address: '10.96.0.11', backend: null },
      { ...udp, address: 'fd96::10', backend: null },
    ],
    6,
  ],
  [
    'so many frontends that one pass looks for all',
    Array.from({ length: 40 }, (_, i) => ({ ...udp, address: `10.96.0.${i}`, backend: null })),
    5,
  ],
  ['nothing', [], 0],
])('deletes %s and no other', async (_, filters, expected) => {
  make(flows)
  expect(await conntrack.deleteFlows(filters)).toBe(expected)
  expect(count()).toBe(flows.length - expected)
})

const web = { address: '10.96.0.10', port: 80, backend: 'unanswered' } as const
const before: readonly Flow[] = [
  { protocol: 'tcp', source: '10.1.0.1', to: '10.96.0.10', port: 80 },
  { protocol: 'tcp', source: '10.1.0.2', to: '10.96.0.10', port: 80 },
  { protocol: 'tcp', source: '10.1.0.3', to: '10.96.0.10', port: 80, answered: true },
  { protocol: 'tcp', source: '10.1.0.4', to: '10.96.0.10', port: 80, backend: '10.2.0.1' },
  { protocol: 'tcp', source: '10.1.0.5', to: '10.96.0.10', port: 80, backend: '10.2.0.1', answered: true },
  { protocol: 'tcp', source: '10.1.0.6', to: '10.96.0.10', port: 81 },
  { protocol: 'tcp', source: '10.1.0.7', to: '10.96.0.11', port: 80 },
  { protocol: 'tcp', source: 'fd01::1', to: 'fd96::10', port: 80 },
  { protocol: 'tcp', source: 'fd01::2', to: 'fd96::10', port: 80, answered: true },
  { protocol: 'tcp', source: 'fd01::3', to: 'fd96::11', port: 80 },
  { source: '10.1.0.1', to: '10.96.0.10', port: 80 },
  { protocol: 'sctp', source: '10.1.0.1', to: '10.96.0.10', port: 80 },
  { protocol: 'sctp', source: '10.1.0.2', to: '10.96.0.10', port: 80, answered: true },
]

test.each<[string, readonly FlowFilter[], number]>([
  ['of a TCP frontend', [{ ...web, protocol: 'TCP' }], 2],
  ['of an SCTP frontend', [{ ...web, protocol: 'SCTP' }], 1],
  ['of a frontend of IPv6', [{ ...web, protocol: 'TCP', address: 'fd96::10' }], 1],
  [
    'of all protocols and families, with others that were sent somewhere',
    [
      ...(['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ ...web, protocol })),
      { ...web, protocol: 'TCP', address: 'fd96::10' },
      { protocol: 'TCP', address: '10.96.0.10', port: 80, backend: { address: '10.2.0.1', port: 5353 } },
    ],
    7,
  ],
])('deletes flows that no rule translated and nobody answered, and no other: %s', async (_, filters, expected) => {
  make(before)
  expect(await conntrack.deleteFlows(filters)).toBe(expected)
  expect(count()).toBe(before.length - expected)
  expect(await conntrack.deleteFlows(filters)).toBe(0)
})

test('thousands of flows in one call, of a table with others', async () => {
  const many = Array.from({ length: 6000 }, (_, i) => ({
    source: `10.1.${i >> 8}.${i & 255}`,
    to: `10.96.0.${i % 2}`,
    port: 53,
    backend: '10.2.0.1',
  }))
  make(many)
  expect(await conntrack.deleteFlows([{ ...udp, address: '10.96.0.1', backend: toBackend('10.2.0.1') }])).toBe(3000)
  expect(count()).toBe(3000)
})
