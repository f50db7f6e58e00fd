import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import type { PreflightReport } from './index.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' })
const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

const evenkeel = (...args: string[]): { code: number; stdout: string; stderr: string } => {
  try {
    return { code: 0, stdout: run(process.execPath, main, ...args), stderr: '' }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, stdout, stderr }
  }
}

const codesFound = (...args: string[]): readonly string[] => {
  const { stdout } = evenkeel('preflight', '-o', 'json', ...args)
  return (JSON.parse(stdout) as PreflightReport).findings.map(({ severity, code }) => `${severity} ${code}`)
}

beforeAll(async () => {
  await enterPrivateNetwork()
  run('ip', 'link', 'set', 'lo', 'up')
})

test('sees rules of both back ends, ipsets, tables and listeners of a real kernel', async () => {
  run('iptables-legacy', '-P', 'FORWARD', 'DROP')
  run('iptables-legacy', '-t', 'nat', '-N', 'KUBE-SERVICES')
  run('iptables-nft', '-t', 'nat', '-N', 'KUBE-SVC-ABCDEFGHIJKLMNOP')
  run('nft', 'add table ip kube-proxy; add table inet firewalld')
  run('ipset', 'create', 'KUBE-CLUSTER-IP', 'hash:ip')
  const report = JSON.parse(evenkeel('preflight', '-o', 'json').stdout) as PreflightReport
  const leftovers = report.findings.find(({ code }) => code === 'kube-proxy-leftovers')
  expect(leftovers?.evidence.map(({ source }) => source)).toEqual([
    'iptables-legacy ip nat',
    'nftables ip nat',
    'nftables table ip kube-proxy',
    'ipsets',
  ])
  const found = report.findings.map(({ severity, code }) => `${severity} ${code}`)
  expect(found).toEqual(
    expect.arrayContaining(['warning forward-drop', 'warning firewalld', 'warning no-default-route']),
  )
  expect(found.filter((line) => line.startsWith('fatal'))).toEqual([])
})

test('run refuses beside a kube-proxy that answers, and says how to go on; it can be told to start', async () => {
  const server = `require('http').createServer((_, r) => r.end('nftables')).listen(10249, '127.0.0.1', () => console.log('up'))`
  const kubeProxy = spawn(process.execPath, ['-e', server])
  const manifests = mkdtempSync(join(tmpdir(), 'preflight-run-'))
  try {
    await once(kubeProxy.stdout, 'data')
    expect(codesFound()).toContain('fatal kube-proxy-runs')
    expect(evenkeel('preflight').code).toBe(1)
    const args = ['run', '--once', '--source', `manifests:${manifests}`, '--node', 'node-1']
    const refused = evenkeel(...args)
    expect(refused.code).toBe(1)
    expect(refused.stdout + refused.stderr).toContain('kube-proxy-runs')
    expect(run('nft', 'list', 'tables')).not.toContain('evenkeel')
    expect(evenkeel(...args, '--skip-preflight', 'kube-proxy-runs').code).toBe(0)
    expect(evenkeel(...args, '--skip-preflight', 'nonsense').code).toBe(2)
  } finally {
    kubeProxy.kill()
    rmSync(manifests, { recursive: true })
  }
})

test('without capabilities it says so, and what it could not see', () => {
  const args = ['--bounding-set=-net_admin', process.execPath, main, 'preflight', '-o', 'json']
  let stdout = ''
  try {
    run('setpriv', ...args)
  } catch (error) {
    stdout = (error as { stdout: string }).stdout
  }
  const { findings, unseen } = JSON.parse(stdout) as PreflightReport
  expect(findings[0]?.code).toBe('no-net-admin')
  expect(unseen.map(({ source }) => source)).toContain('nftables tables')
})
