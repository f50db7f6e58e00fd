import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import { IPVS_FILE } from './ipvs-services.ts'

/** What kube-proxy's mode ipvs leaves behind, on a kernel that has IPVS (test-vm loads it). */
const without = existsSync(IPVS_FILE) ? '' : 'this kernel has no IPVS (make test-vm has)'

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' })

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const evenkeel = (...args: readonly string[]): Ended => {
  const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
  return { code: status, signal, stdout, stderr }
}

const services = (): string[] =>
  run('ipvsadm', '-Sn')
    .split('\n')
    .flatMap((line) => /^-A -[tu] (\S+)/.exec(line)?.[1] ?? [])
    .sort()

const others = ['192.0.2.9:80', '[2001:db8::9]:80']

describe('kube-proxy’s mode ipvs', () => {
  beforeAll(async () => {
    await enterPrivateNetwork()
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'addr', 'add', '10.7.0.1/32', 'dev', 'lo')
  })
  beforeEach((context) => {
    context.skip(without !== '', without)
    // rules of ours, cut short: what keeps connections tracked
    run('nft', 'add table ip evenkeel; add chain ip evenkeel output { type nat hook output priority -101; }')
    run('ip', 'link', 'add', 'kube-ipvs0', 'type', 'dummy')
    for (const address of ['10.96.0.1/32', '10.96.0.10/32', 'fd00:96::10/128'])
      run('ip', 'addr', 'add', address, 'dev', 'kube-ipvs0')
    run('ipset', 'create', 'KUBE-NODE-PORT-TCP', 'bitmap:port', 'range', '0-65535')
    run('ipset', 'add', 'KUBE-NODE-PORT-TCP', '30080')
    for (const [kind, address] of [
      ['-t', '10.96.0.1:443'],
      ['-u', '10.96.0.10:53'],
      ['-t', '[fd00:96::10]:80'],
      ['-t', '192.0.2.1:30080'],
      ...others.map((address) => ['-t', address] as const),
    ] as const)
      run('ipvsadm', '-A', kind, address, '-s', 'rr')
    for (const port of ['8080', '8081']) run('ipvsadm', '-a', '-t', '10.96.0.1:443', '-r', `10.7.0.1:${port}`, '-m')
  })
  afterEach(() => {
    if (without !== '') return
    run('nft', 'flush', 'ruleset')
    run('ipvsadm', '-C')
    spawnSync('ip', ['link', 'del', 'kube-ipvs0'])
    run('ipset', 'destroy')
  })

  test('clean takes away its services, device and ipsets; those of others stay', () => {
    const planned = evenkeel('clean', '--kube-proxy', '--dry-run')
    expect(planned).toMatchObject({ code: 0, signal: null, stderr: '' })
    for (const line of [
      'TCP 10.96.0.1:443',
      'UDP 10.96.0.10:53',
      'TCP fd00:96::10:80',
      'TCP 192.0.2.1:30080',
      'KUBE-NODE-PORT-TCP',
    ])
      expect(planned.stdout).toContain(line)
    expect(services()).toHaveLength(6)
    expect(evenkeel('clean', '--kube-proxy')).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(services()).toEqual(others)
    expect(run('ip', '-o', 'link')).not.toContain('kube-ipvs0')
    expect(run('ipset', 'list', '-n')).toBe('')
    expect(evenkeel('clean', '--kube-proxy', '--dry-run').stdout).not.toContain('ipvs')
  })

  test('a service with a connection stays until it has ended, or --force', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}).pipe(socket)).listen(8080, '10.7.0.1')
    await once(server, 'listening')
    run('ipvsadm', '-d', '-t', '10.96.0.1:443', '-r', '10.7.0.1:8081')
    const client = connect(443, '10.96.0.1')
    try {
      await once(client, 'connect')
      const kept = evenkeel('clean', '--kube-proxy')
      expect(kept).toMatchObject({ code: 1, stderr: expect.stringContaining('TCP 10.96.0.1:443: 1 connections') })
      expect(services()).toEqual(['10.96.0.1:443', ...others])
      client.write('still here')
      expect(String((await once(client, 'data'))[0])).toBe('still here')
      expect(evenkeel('clean', '--kube-proxy', '--force').code).toBe(0)
      expect(services()).toEqual(others)
    } finally {
      client.destroy()
      server.close()
    }
  })

  test('preflight names the leftovers and what is others’', () => {
    const { stdout } = evenkeel('preflight', '-o', 'json')
    const codes = (JSON.parse(stdout) as { findings: { code: string }[] }).findings.map(({ code }) => code)
    expect(codes).toContain('kube-proxy-leftovers')
    expect(codes).toContain('ipvs-services')
  })

  test('trace reads them from the kernel', () => {
    const { stdout, stderr } = evenkeel(
      'trace',
      '--live',
      '--from',
      '10.7.0.1',
      '--to',
      '10.96.0.1:443/tcp',
      '-o',
      'json',
    )
    expect({ stderr, ...(JSON.parse(stdout) as object) }).toMatchObject({
      verdict: 'dnat',
      backends: [
        { address: '10.7.0.1', port: 8080, probability: '1/2' },
        { address: '10.7.0.1', port: 8081, probability: '1/2' },
      ],
    })
  })
})
