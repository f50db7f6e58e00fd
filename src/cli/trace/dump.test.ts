import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const dumps = fileURLToPath(new URL('../../../test/dumps/', import.meta.url))
const dump = (name: string): string => join(dumps, name)

const trace = (
  args: readonly string[],
  stdin: string | Buffer = '',
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [main, 'trace', ...args], (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
    child.stdin?.end(stdin)
  })

const lines = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const flannel = ['kubeadm-flannel/iptables-save.txt', 'kubeadm-flannel/ip-addr.txt'].map(dump)
const packet = ['--from', '10.244.1.9', '--to', '10.101.3.80:443/tcp']

describe('--dump', () => {
  test('several files are one node; a file of objects gives names; every rule has file and line', async () => {
    const { code, stdout, stderr } = await trace([
      '--dump',
      ...flannel,
      ...packet,
      '-f',
      dump('kubeadm-flannel/objects.yaml'),
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`nat KUBE-SERVICES   (${flannel[0]}:102)`)
    expect(stdout).toMatch(/^dnat: goes on as 10\.244\.1\.9 -> one of 3 backends$/m)
    expect(stdout).toMatch(
      /^10\.244\.2\.18:8443 +1431655765\/4294967296 +33\.3333% +no +shop\/web-7d9f-ccccc +worker-2 +zone-b$/m,
    )
  })

  test.each([
    [['--dump', '-', '-f', '-'], '--filename and --dump'],
    [['--dump', '-', '--node-file', 'a=-'], '--dump and --node-file'],
    [['--packets', '-', '--dump', '-'], '--packets and --dump'],
    [['--diff', 'a=-', '-'], '--diff and --diff'],
  ])('%j: stdin cannot be read twice', async (args, flags) => {
    const { code, stdout, stderr } = await trace([...args, ...packet], 'x')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`stdin can be read once only, and - stands in ${flags}: write one of them to a file`)
  })

  test('stdin, compressed; JSON with the documented keys', async () => {
    const { code, stdout } = await trace(
      ['--dump', '-', ...packet, '-o', 'json'],
      gzipSync(readFileSync(flannel[0] ?? '')),
    )
    const [report] = lines(stdout)
    expect(code).toBe(0)
    expect(Object.keys(report ?? {})).toEqual([
      'from',
      'to',
      'port',
      'protocol',
      'verdict',
      'masquerade',
      'partial',
      'unknown',
      'backends',
      'path',
      'conditions',
    ])
    expect(report).toMatchObject({
      path: expect.arrayContaining([expect.objectContaining({ chain: 'PREROUTING', line: 72, file: 'stdin' })]),
    })
  })

  test('--verbose says why other rules did not match', async () => {
    const { stdout } = await trace(['--dump', ...flannel, ...packet, '-v'])
    expect(stdout).toMatch(
      /--dport 443 -j DROP\n +=> no match: ip daddr 203\.0\.113\.40: the packet has 10\.244\.1\.12/,
    )
  })

  test.each([
    ['verdict=dnat,backend=10.244.1.12:8443', 0, ''],
    ['verdict=drop', 1, 'expected verdict drop, got dnat\n'],
    ['backend=10.244.9.9', 1, 'expected backend 10.244.9.9 is not possible\n'],
  ])('--expect %s: exit %i', async (expectation, code, stderr) => {
    expect(await trace(['--dump', ...flannel, ...packet, '--expect', expectation])).toMatchObject({ code, stderr })
  })

  test('partial answers say what was not understood, and where', async () => {
    const { code, stdout } = await trace([
      '--dump',
      dump('aks-npm/iptables-save.txt'),
      '--from',
      '10.224.0.50',
      '--to',
      '10.0.131.80:80',
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /not understood:\n {4}filter AZURE-NPM-INGRESS \(.*:45\): -m set --match-set azure-npm-2837910840 dst/,
    )
    expect(stdout).toMatch(/^dnat \(partial: not all rules were understood\): /m)
  })

  test('--in-interface decides what the addresses leave open', async () => {
    const files = ['iptables-save.txt', 'ipset.txt', 'ip-route.txt'].map((name) => dump(`calico/${name}`))
    const asked = ['--from', '10.233.64.20', '--to', '10.233.0.80:80', '-o', 'json']
    const [usual] = lines((await trace(['--dump', ...files, ...asked])).stdout)
    const [other] = lines((await trace(['--dump', ...files, ...asked, '--in-interface', 'calinobody00'])).stdout)
    expect([usual?.['verdict'], other?.['verdict']]).toEqual(['dnat', 'drop'])
  })
})

describe('several nodes', () => {
  test('--node-file: each packet at each node', async () => {
    const { code, stdout } = await trace([
      '--node-file',
      `n1=${flannel[0]}`,
      '--node-file',
      `n2=${dump('eks-vpc-cni/iptables-save.txt')}`,
      ...packet,
      '-o',
      'json',
    ])
    expect(code).toBe(0)
    expect(lines(stdout)).toMatchObject([
      { at: 'n1', verdict: 'dnat' },
      { at: 'n2', verdict: 'none' },
    ])
  })

  test('--diff: what differs and how much; exit 1', async () => {
    const { code, stdout } = await trace(['--diff', before, after, '-o', 'json'])
    expect(code).toBe(1)
    expect(lines(stdout)).toMatchObject([
      { frontend: '10.96.0.10:53/UDP', difference: '1/2', share: 0.5, a: { verdict: 'dnat' }, b: { verdict: 'dnat' } },
      { frontend: '10.97.3.3:80/TCP', difference: '1/1', a: { verdict: 'reject' }, b: null },
    ])
  })

  test('--diff of equal nodes: no difference, exit 0', async () => {
    expect(await trace(['--diff', before, before])).toMatchObject({ code: 0, stdout: 'no difference\n' })
  })
})

describe('--all', () => {
  test('a line for each frontend, odd ones marked', async () => {
    const { code, stdout } = await trace(['--all', '--dump', dump('kube-proxy-1.14/iptables-save.txt')])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^FRONTEND +SERVICE +VERDICT +MASQUERADE +BACKENDS +ODD$/m)
    expect(stdout).toMatch(/^10\.97\.3\.3:80\/TCP +shop\/cart:http +reject +- +- +refused$/m)
    expect(stdout).toMatch(/^node:31080\/TCP +shop\/front:http +dnat /m)
  })

  test('JSON lines', async () => {
    const { stdout } = await trace([
      '--all',
      '--dump',
      dump('bug-report/report.txt'),
      '-o',
      'json',
      '--from',
      '10.244.3.9',
    ])
    expect(lines(stdout)).toMatchObject([
      { frontend: '10.103.20.80:80/TCP', service: 'shop/web:http', from: '10.244.3.9', odd: ['uneven: 25% to 75%'] },
    ])
  })
})

describe('what cannot be used: exit 2, with the cure', () => {
  test.each([
    [
      ['--dump', dump('corpus.test.ts'), ...packet],
      /corpus\.test\.ts: is of no dialect that is known .*expected iptables-save, .*nft list ruleset/,
    ],
    [['--dump', join(dumps, 'nowhere'), ...packet], /nowhere/],
    [['--diff', dumps], /compares two nodes.*1 given/],
    [['--diff', 'a', 'b', '--all'], /--diff stands alone/],
    [['--all'], /--all needs rules/],
    [['--node-file', 'n1', ...packet], /must read NODE=FILE/],
    [['--dump', flannel[0] ?? ''], /no packet to trace/],
  ])('%s', async (args, message) => {
    const { code, stdout, stderr } = await trace(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})

let folder = ''
let before = ''
let after = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trace-dump-'))
  before = dump('kube-proxy-1.14/iptables-save.txt')
  after = join(folder, 'after.txt')
  const text = readFileSync(before, 'utf8')
  // one of two endpoints replaced, one Service without endpoints gone
  const changed = text
    .replace('--to-destination 10.244.2.5:53', '--to-destination 10.244.9.9:53')
    .replace(/.*shop\/cart:http has no endpoints.*\n/, '')
  writeFileSync(after, changed)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))
