import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KernelError } from '../kernel/errors.ts'
import { CONNTRACK_HASHSIZE, openSysctls, setOomScore, type Sysctls } from '../kernel/sysctl.ts'
import type { ConntrackSettings } from './config/config.ts'
import { applySettings, conntrackSettings, localnetSettings } from './node-setup.ts'

const nothing: ConntrackSettings = {
  maxPerCore: null,
  min: 131_072,
  tcpEstablishedTimeout: null,
  tcpCloseWaitTimeout: null,
  udpTimeout: null,
  udpStreamTimeout: null,
  tcpBeLiberal: false,
}

const wanted = (conntrack: Partial<ConntrackSettings>, cpus = 4): Record<string, number> =>
  Object.fromEntries(
    conntrackSettings({ ...nothing, ...conntrack }, cpus).map(({ name, value }) => [name.replace(/.*\//, ''), value]),
  )

test.each<[string, Partial<ConntrackSettings>, number, Record<string, number>]>([
  ['nothing', {}, 4, {}],
  ['the least', { maxPerCore: 1_000 }, 4, { nf_conntrack_max: 131_072, hashsize: 32_768 }],
  ['so many for each CPU', { maxPerCore: 40_000 }, 4, { nf_conntrack_max: 160_000, hashsize: 40_000 }],
  ['a million at most', { maxPerCore: 32_768 }, 64, { nf_conntrack_max: 1_048_576, hashsize: 262_144 }],
  [
    'timeouts',
    {
      tcpEstablishedTimeout: 86_400,
      tcpCloseWaitTimeout: 3_600,
      udpTimeout: 10,
      udpStreamTimeout: 20,
      tcpBeLiberal: true,
    },
    4,
    {
      nf_conntrack_tcp_timeout_established: 86_400,
      nf_conntrack_tcp_timeout_close_wait: 3_600,
      nf_conntrack_tcp_be_liberal: 1,
      nf_conntrack_udp_timeout: 10,
      nf_conntrack_udp_timeout_stream: 20,
    },
  ],
])('as kube-proxy: %s', (_, conntrack, cpus, expected) => {
  expect(wanted(conntrack, cpus)).toEqual(expected)
})

const fake = (held: Record<string, number>, refuse = ''): Sysctls & { readonly written: Record<string, number> } => {
  const written: Record<string, number> = {}
  return {
    written,
    read: (name) => {
      const value = held[name]
      if (value === undefined) throw new KernelError({ operation: 'read sysctl', errno: 'ENOENT', object: name })
      return value
    },
    write: (name, value) => {
      if (refuse) throw new KernelError({ operation: 'write sysctl', errno: refuse, object: name })
      written[name] = value
    },
  }
}

const max = conntrackSettings({ ...nothing, maxPerCore: 40_000 }, 4)
const MAX = 'net/netfilter/nf_conntrack_max'
const BUCKETS = 'net/netfilter/nf_conntrack_buckets'

describe('settings', () => {
  test('what differs is written, what is higher stays', () => {
    const low = fake({ [MAX]: 65_536, [BUCKETS]: 65_536 })
    expect(applySettings(max, low).map(({ outcome }) => outcome)).toEqual(['set', 'kept'])
    expect(low.written).toEqual({ [MAX]: 160_000 })
    const high = fake({ [MAX]: 1_000_000, [BUCKETS]: 1_024 })
    expect(applySettings(max, high).map(({ outcome }) => outcome)).toEqual(['kept', 'set'])
    expect(high.written).toEqual({ [CONNTRACK_HASHSIZE]: 40_000 })
  })

  test('a timeout is lowered too', () => {
    const name = 'net/netfilter/nf_conntrack_tcp_timeout_close_wait'
    const sysctls = fake({ [name]: 7_200 })
    applySettings(conntrackSettings({ ...nothing, tcpCloseWaitTimeout: 3_600 }, 4), sysctls)
    expect(sysctls.written).toEqual({ [name]: 3_600 })
  })

  test('what cannot be set hinders no other, and says what to do', () => {
    const outcomes = applySettings(max, fake({ [MAX]: 1, [BUCKETS]: 1 }, 'EROFS'))
    expect(outcomes.map(({ outcome, later }) => [outcome, later])).toEqual([
      ['failed', false],
      ['failed', false],
    ])
    expect(outcomes[0]?.reason).toBe(
      'EROFS: it cannot be set from here: run `evenkeel run --init-only` in a privileged container, `sysctl -w net.netfilter.nf_conntrack_max=160000` on the host, or leave it alone with conntrack.maxPerCore: 0',
    )
  })

  test('without nf_conntrack it is worth another try', () => {
    expect(applySettings(max, fake({})).map(({ later }) => later)).toEqual([true, true])
  })
})

describe('the files of the kernel', () => {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'evenkeel-sysctl-'))
  })
  afterEach(() => rm(root, { recursive: true }))

  test('are read and written, and never made', async () => {
    const file = join(root, 'proc/sys/net/netfilter/nf_conntrack_max')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, '65536\n')
    const sysctls = openSysctls(root)
    expect(sysctls.read(MAX)).toBe(65_536)
    sysctls.write(MAX, 70_000)
    expect(await readFile(file, 'utf8')).toMatch(/^70000/)
    expect(() => sysctls.read(BUCKETS)).toThrow('read sysctl net/netfilter/nf_conntrack_buckets: ENOENT')
    expect(() => sysctls.write(BUCKETS, 1)).toThrow('ENOENT')
  })

  test('oom_score_adj', async () => {
    const file = join(root, 'oom')
    await writeFile(file, '0')
    setOomScore(-999, file)
    expect(await readFile(file, 'utf8')).toBe('-999')
    expect(() => setOomScore(0, join(root, 'none'))).toThrow('ENOENT')
  })
})

test.each<[string, boolean, readonly string[] | null, boolean]>([
  ['mode iptables, all addresses', true, null, true],
  ['everything', true, ['0.0.0.0/0'], true],
  ['loopback alone', true, ['127.0.0.0/8'], true],
  ['loopback left out', true, ['192.168.0.0/16', 'primary'], false],
  ['another mode, or switched off', false, null, false],
])('route_localnet: %s', (_, localhostNodePorts, nodePortAddresses, isSet) => {
  const settings = localnetSettings({ localhostNodePorts, nodePortAddresses })
  expect(settings.map(({ name, value }) => `${name}=${value}`)).toEqual(
    isSet ? ['net/ipv4/conf/all/route_localnet=1'] : [],
  )
})
