import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import { readConntrack } from './conntrack.ts'
import { readConntrackLive } from './conntrack-live.ts'
import { cutDump } from './cutting/cut.ts'

/** What netlink tells must be what `conntrack -L` prints of the same table. */
const conntrack = (...args: readonly string[]): string =>
  execFileSync('conntrack', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

const insert = (protocol: string, more: readonly string[], six = false): void => {
  const [client, dialled, target] = six ? ['fd01::7', 'fd96::1', 'fd02::3'] : ['10.1.0.7', '10.96.0.1', '10.2.0.3']
  const original = ['-p', protocol, '--src', client, '--dst', dialled, '--sport', '4000', '--dport', '80']
  const reply = ['--reply-src', target, '--reply-dst', client, '--reply-port-src', '8080', '--reply-port-dst', '4000']
  conntrack('-I', ...original, ...reply, '--timeout', '300', ...more)
}

beforeAll(async () => {
  await enterPrivateNetwork()
  for (const name of ['acct', 'timestamp']) writeFileSync(`/proc/sys/net/netfilter/nf_conntrack_${name}`, '1')
  insert('tcp', ['--state', 'ESTABLISHED', '-u', 'SEEN_REPLY,ASSURED'])
  insert('tcp', ['--state', 'SYN_SENT'], true)
  insert('udp', [])
  insert('sctp', ['--state', 'ESTABLISHED', '--orig-vtag', '1', '--reply-vtag', '2'])
})

test('both families, states, bytes and beginnings', async () => {
  const printed = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    cutDump({ name: 'conntrack', text: conntrack('-L', '-f', family) }).parts.flatMap(readConntrack),
  )
  const live = await readConntrackLive()
  const comparable = ({ protocol, state, original, reply, unreplied, bytes }: (typeof live)[number]): object => ({
    protocol,
    // conntrack prints SCTP's states, which nothing here asks for
    state: protocol === 'SCTP' ? '' : state,
    original,
    reply,
    unreplied,
    bytes,
  })
  const byName = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  expect(live).toHaveLength(4)
  expect(live.map(comparable).sort(byName)).toEqual(printed.map(comparable).sort(byName))
  const now = Date.now() / 1000
  for (const { openedAt } of live) expect(Math.abs(now - (openedAt ?? 0))).toBeLessThan(60)
})
