import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { execCode } from '../../src/kernel/exec.ts'

/** The image's root, as the Containerfile makes it, run as a container runtime runs it: not root, NET_ADMIN alone, no new privileges. */
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const NET_ADMIN = '12'
let directory: string
let root: string

const objects = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ port: 80, protocol: 'TCP' }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.1.0.4'] }],
  },
]

const missing = ['setcap', 'strip', 'npm', 'dpkg-query'].filter(
  (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).error,
)

beforeAll(async () => {
  if (missing.length > 0) return
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-image-'))
  root = join(directory, 'root')
  const { stderr, code } = await execCode(script('../../scripts/image-root.sh'), [root], {
    timeoutMs: 150_000,
    accept: [1, 2, 127],
  })
  if (code !== 0) throw new Error(stderr)
  await mkdir(join(root, 'etc/evenkeel/cluster'))
  await writeFile(join(root, 'etc/evenkeel/cluster/web.yaml'), objects.map((object) => stringify(object)).join('---\n'))
}, 180_000)
beforeEach(({ skip }) => skip(missing.length > 0, `the image needs ${missing.join(', ')} to be made`))
afterAll(async () => missing.length > 0 || rm(directory, { recursive: true, force: true }))

/** In network and mount namespaces of its own; the root is read-only. */
const contained = (capabilities: string, lines: readonly string[]) => {
  const start = `'${process.execPath}' '${script('contained.ts')}' '${root}' 65532 '${capabilities}' /usr/bin/evenkeel`
  const commands = [
    'set -e',
    'ip link set lo up',
    `mount --bind '${root}' '${root}'`,
    `mount -t proc proc '${root}/proc'`,
    `mount -t sysfs sys '${root}/sys'`,
    `mount -o remount,bind,ro '${root}'`,
    ...lines.map((line) => line.replace('evenkeel', start)),
  ]
  return execCode('unshare', ['--net', '--mount', 'sh', '-c', commands.join('\n')], {
    accept: [1, 2],
    timeoutMs: 60_000,
  })
}

it('puts rules in force', async () => {
  const run = 'evenkeel run --source manifests:/etc/evenkeel/cluster --once --node n'
  const { stdout, stderr, code } = await contained(NET_ADMIN, [run, 'nft list ruleset'])
  expect([code, stderr]).toEqual([0, expect.any(String)])
  expect(stdout).toContain('10.96.0.10 . tcp . 80')
})

it('plans without any capability, and says what it lacks for more', async () => {
  const plan = await contained('', ['evenkeel plan -f /etc/evenkeel/cluster --node n'])
  expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining('shop/web')])
  const run = await contained('', ['evenkeel run --source manifests:/etc/evenkeel/cluster --once --node n'])
  expect(run.code).toBeGreaterThan(0)
  expect(run.stdout + run.stderr).toMatch(/NET_ADMIN/)
})

it('holds no shell, and says what it holds', () => {
  for (const absent of ['bin/sh', 'usr/bin/sh', 'usr/bin/npm', 'usr/sbin/nft'])
    expect(existsSync(join(root, absent))).toBe(false)
  expect(existsSync(join(root, 'usr/share/sbom.cdx.json'))).toBe(true)
})
