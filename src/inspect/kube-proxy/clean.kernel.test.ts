import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket, connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { kubeProxys, kubeProxysNft, others } from '../../../test/support/kube-proxy-rules.ts'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
const run = (command: string, args: readonly string[] = [], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] })
const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

interface Cleaned {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const clean = (...args: string[]): Cleaned => {
  const args2 = [main, 'clean', '--kube-proxy', ...args]
  try {
    return { code: 0, stdout: run(process.execPath, args2), stderr: '' }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, stdout, stderr }
  }
}

const backEnds = ['iptables-legacy', 'iptables-nft', 'ip6tables-legacy', 'ip6tables-nft'] as const

/** Without counters, comments and policies' lines that say nothing. */
const saved = (backEnd: string): string =>
  run(`${backEnd}-save`)
    .split('\n')
    .filter((line) => !line.startsWith('#') && line !== '')
    .map((line) => line.replace(/\[\d+:\d+\]/, '[0:0]'))
    .join('\n')

const restore = (backEnd: string, text: string): string => run(`${backEnd}-restore`, ['--noflush'], text)

/** Rules of ours, cut short: what keeps connections tracked. */
const evenkeels = `table ip evenkeel {
  chain output { type nat hook output priority -101; ct state new counter; }
}
`

const empty = (): void => {
  run('nft', ['flush', 'ruleset'])
  for (const command of ['iptables-legacy', 'ip6tables-legacy'])
    for (const table of ['filter', 'nat', 'mangle']) {
      run(command, ['-t', table, '-F'])
      run(command, ['-t', table, '-X'])
      if (table === 'filter') run(command, ['-P', 'FORWARD', 'ACCEPT'])
    }
  run('ipset', ['destroy'])
}

beforeAll(async () => {
  await enterPrivateNetwork()
  run('ip', ['link', 'set', 'lo', 'up'])
  run('ip', ['addr', 'add', '10.7.0.1/32', 'dev', 'lo'])
  run('ip', ['route', 'add', '10.96.0.0/16', 'dev', 'lo'])
})
beforeEach(() => {
  empty()
  run('nft', ['-f', '-'], evenkeels)
})
afterEach(empty)

describe.for(backEnds)('%s', (backEnd) => {
  const text = (rules: string): string => (backEnd.startsWith('ip6') ? sixed(rules) : rules)

  test('kube-proxy’s chains and jumps go, everything else stays', () => {
    restore(backEnd, text(others))
    const before = saved(backEnd)
    restore(backEnd, text(kubeProxys('10.7.0.1:8080')))
    expect(saved(backEnd)).not.toBe(before)
    const planned = clean('--dry-run')
    expect(planned).toMatchObject({ code: 0, stderr: '' })
    const result = clean()
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toBe(planned.stdout.replace(/^(?=.)/gm, 'removed '))
    expect(saved(backEnd)).toBe(before)
    expect(clean().stdout).toBe('')
  })

  test('a chain that somebody else’s rule leads to stays, with what it needs', () => {
    restore(backEnd, text(others))
    restore(backEnd, text(kubeProxys('10.7.0.1:8080')))
    restore(backEnd, text('*nat\n-A CNI-HOSTPORT-DNAT -s 10.244.0.0/24 -j KUBE-MARK-MASQ\nCOMMIT\n'))
    const { code, stderr } = clean()
    expect(code).toBe(1)
    expect(stderr).toContain('nat chain KUBE-MARK-MASQ: used by CNI-HOSTPORT-DNAT')
    const left = saved(backEnd)
    expect(left).toContain('-A KUBE-MARK-MASQ -j MARK')
    expect(left).toContain('-j MASQUERADE --random-fully')
    expect(left).toMatch(/-A POSTROUTING .*-j KUBE-POSTROUTING/)
    expect(left).not.toMatch(/^:KUBE-(SVC|SEP|EXT|SERVICES|NODEPORTS)/m)
  })

  test('where forwarding hangs on KUBE-FORWARD alone nothing is done without --force', () => {
    restore(backEnd, text(kubeProxys('10.7.0.1:8080')))
    run(backEnd, ['-P', 'FORWARD', 'DROP'])
    const before = saved(backEnd)
    expect(clean()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('pods would be cut off') })
    expect(saved(backEnd)).toBe(before)
    expect(clean('--force').code).toBe(0)
    expect(saved(backEnd)).not.toContain('KUBE-')
  })
})

/** The same for IPv6. */
const sixed = (rules: string): string =>
  rules
    .replaceAll('10.7.0.1:8080', '[fd00::1]:8080')
    .replaceAll('10.244.0.9:443', '[fd00::9]:443')
    .replaceAll('127.0.0.0/8', '::1/128')
    .replaceAll('224.0.0.0/4', 'ff00::/8')
    .replaceAll(/10\.244\.0\.0\/\d+/g, 'fd00:244::/64')
    .replaceAll('10.244.0.5/32', 'fd00:244::5/128')
    .replaceAll(/10\.96\.0\.(\d)\/32/g, 'fd00:96::$1/128')
    .replaceAll('icmp-port-unreachable', 'icmp6-port-unreachable')

test('tables of its mode nftables go, others’ tables stay, also one of the same name in another family', () => {
  run(
    'nft',
    ['-f', '-'],
    `add table inet mine\nadd chain inet mine c { type filter hook forward priority 0; }\nadd table inet kube-proxy`,
  )
  const before = run('nft', ['list', 'ruleset'])
  run('nft', ['-f', '-'], kubeProxysNft('ip') + kubeProxysNft('ip6'))
  expect(clean()).toEqual({
    code: 0,
    stderr: '',
    stdout: 'removed nftables table ip kube-proxy\nremoved nftables table ip6 kube-proxy\n',
  })
  expect(run('nft', ['list', 'ruleset'])).toBe(before)
})

test('ipsets of its mode ipvs go, others’ stay; one that a stranger’s rule uses is named', () => {
  for (const name of ['KUBE-CLUSTER-IP', 'KUBE-6-LOOP-BACK', 'KUBE-SRC-X', 'mine'])
    run('ipset', ['create', name, 'hash:ip'])
  run('ipset', ['create', 'KUBE-NODE-PORT-TCP', 'bitmap:port', 'range', '0-65535'])
  run('iptables-nft', ['-A', 'INPUT', '-m', 'set', '--match-set', 'KUBE-CLUSTER-IP', 'dst', '-j', 'ACCEPT'])
  expect(clean()).toMatchObject({ code: 1, stderr: expect.stringContaining('ipset KUBE-CLUSTER-IP: EBUSY') })
  expect(run('ipset', ['list', '-n']).trim().split('\n').sort()).toEqual(['KUBE-CLUSTER-IP', 'KUBE-SRC-X', 'mine'])
  run('iptables-nft', ['-F', 'INPUT'])
  expect(clean().code).toBe(0)
  expect(run('ipset', ['list', '-n']).trim().split('\n').sort()).toEqual(['KUBE-SRC-X', 'mine'])
})

test('a connection that its rules translated goes on', async () => {
  const server = createServer((socket) => void socket.on('error', () => {}).pipe(socket)).listen(8080, '10.7.0.1')
  await once(server, 'listening')
  let client: Socket | undefined
  try {
    restore('iptables-nft', kubeProxys('10.7.0.1:8080'))
    client = connect(80, '10.96.0.1')
    expect(await echo(client, 'before')).toBe('before')
    expect(await cleanInBackground()).toBe(0)
    expect(await echo(client, 'after')).toBe('after')
  } finally {
    client?.destroy()
    server.close()
  }
})

const echo = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text)
  const [data] = (await once(socket, 'data')) as [Buffer]
  return data.toString()
}

/** The server lives in this process, so it may not wait. */
const cleanInBackground = async (): Promise<number> => {
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, [main, 'clean', '--kube-proxy'], { stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number]
  return code
}

test.each(backEnds)('%s: our own plane’s rules have kube-proxy’s names, and stay', (backEnd) => {
  const rules = ':KUBE-SERVICES - [0:0]\n:EVENKEEL-UNUSED - [0:0]\n-A INPUT -j KUBE-SERVICES\n'
  restore(backEnd, `*filter\n${rules}COMMIT\n`)
  const before = saved(backEnd)
  expect(clean()).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(saved(backEnd)).toBe(before)
})

test('without rules of ours nothing is done: the kernel would stop tracking connections', () => {
  restore('iptables-nft', kubeProxys('10.7.0.1:8080'))
  run('nft', ['delete', 'table', 'ip', 'evenkeel'])
  const before = saved('iptables-nft')
  expect(clean()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('would be cut') })
  expect(saved('iptables-nft')).toBe(before)
})

test('never while a kube-proxy answers on its ports', async () => {
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, [
    '-e',
    `require('http').createServer((_, r) => r.end('iptables')).listen(10249, '127.0.0.1', () => console.log('up'))`,
  ])
  try {
    await once(child.stdout, 'data')
    restore('iptables-nft', kubeProxys('10.7.0.1:8080'))
    const before = saved('iptables-nft')
    const refused = clean()
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('kube-proxy runs: GET http://127.0.0.1:10249/proxyMode: 200 iptables')
    expect(clean('--force').code).toBe(1)
    expect(saved('iptables-nft')).toBe(before)
    const dry = clean('--dry-run')
    expect(dry.code).toBe(1)
    expect(dry.stdout).toContain('iptables-nft ip nat chain KUBE-SERVICES')
  } finally {
    child.kill()
  }
})

test('one that is not visible is known by its canary, and loses nothing else', async () => {
  restore('iptables-nft', kubeProxys('10.7.0.1:8080'))
  const before = saved('iptables-nft')
  const hidden = setInterval(() => {
    if (!run('iptables-nft-save', ['-t', 'mangle']).includes('KUBE-PROXY-CANARY'))
      run('iptables-nft', ['-t', 'mangle', '-N', 'KUBE-PROXY-CANARY'])
  }, 500)
  try {
    const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, [main, 'clean', '--kube-proxy', '--wait', '10'])
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const [code] = (await once(child, 'close')) as [number]
    expect(stderr).toContain('KUBE-PROXY-CANARY came back')
    expect(code).toBe(1)
    expect(saved('iptables-nft')).toBe(before)
  } finally {
    clearInterval(hidden)
  }
})
