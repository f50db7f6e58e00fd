import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/agent/config/config.ts'
import { exec } from '../../src/kernel/exec.ts'
import { enterPrivateNetwork } from '../../src/kernel/namespace.ts'
import { binaries } from './binaries.ts'
import { type KubeCluster, startCluster } from './cluster.ts'

interface Rendered {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

const folder = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url))
const overlays = ['one-service-at-a-time', 'replace-kube-proxy'] as const
const replace = ['--set', 'mode=replace-kube-proxy', '--set', 'apiServer.host=192.0.2.1']

const kustomize = (overlay: string): Promise<string> =>
  exec(binaries.kubectl, ['kustomize', folder(`overlays/${overlay}`)])
const helm = (values: readonly string[]): Promise<string> =>
  exec(binaries.helm, ['template', 'evenkeel', folder('helm/evenkeel'), '-n', 'kube-system', ...values])

const stack = new AsyncDisposableStack()
let cluster: KubeCluster

beforeAll(async () => {
  await enterPrivateNetwork()
  await exec('ip', ['link', 'set', 'lo', 'up'])
  // wherever kube-proxy itself runs, privileged pods may
  cluster = stack.use(await startCluster({ apiserverFlags: ['--allow-privileged=true'] }))
})
afterAll(() => stack.disposeAsync())

describe('the real API server accepts', () => {
  test.each(overlays)('kubectl apply -k deploy/overlays/%s --dry-run=server', async (overlay) => {
    const said = await cluster.kubectl([
      'apply',
      '--dry-run=server',
      '--validate=strict',
      '-k',
      folder(`overlays/${overlay}`),
    ])
    expect(said).toContain('daemonset.apps/evenkeel created (server dry run)')
  })

  test.each([
    ['one-service-at-a-time', []],
    ['replace-kube-proxy', replace],
  ])('helm template with mode %s, piped', async (_, values) => {
    const said = await cluster.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      await helm(values),
    )
    expect(said).toContain('daemonset.apps/evenkeel created (server dry run)')
  })
})

test('kubectl apply -k deploy/overlays/shadow --dry-run=server; its configuration asks for a shadow', async () => {
  const said = await cluster.kubectl([
    'apply',
    '--dry-run=server',
    '--validate=strict',
    '-k',
    folder('overlays/shadow'),
  ])
  expect(said).toContain('daemonset.apps/evenkeel created (server dry run)')
  const text = await kustomize('shadow')
  const { problems, warnings, config } = parseConfig(Buffer.from(configOf(text)), 'shadow', {})
  expect([problems, warnings, config.shadow.enabled]).toEqual([[], [], true])
  expect(podOf(objectsOf(text)).containers[0]).toMatchObject({
    args: expect.arrayContaining(['--shadow']),
    startupProbe: { httpGet: { port: config.healthzBindAddress?.port } },
  })
})

describe('components', () => {
  const withComponent = async (component: string, overlay: string): Promise<string> => {
    const directory = join(cluster.directory, `${component}-${overlay}`)
    await mkdir(directory)
    const from = (path: string): string => relative(directory, folder(path))
    const resources = [from(`overlays/${overlay}`)]
    const text = JSON.stringify({ resources, components: [from(`components/${component}`)] })
    await writeFile(join(directory, 'kustomization.yaml'), text)
    return await exec(binaries.kubectl, ['kustomize', '--load-restrictor=LoadRestrictionsNone', directory])
  }
  const dryRun = (objects: readonly Rendered[]): Promise<string> =>
    cluster.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    )

  test.each(overlays)('node-settings over %s: a privileged container that ends first', async (overlay) => {
    const objects = objectsOf(await withComponent('node-settings', overlay))
    expect(await dryRun(objects)).toContain('daemonset.apps/evenkeel created (server dry run)')
    const { initContainers } = podOf(objects)
    expect(initContainers).toMatchObject([{ name: 'node-settings', securityContext: { privileged: true } }])
    expect(initContainers?.[0]?.args).toContain('--init-only')
  })

  test.each(overlays)('pod-monitor over %s: the port it names is the one that is opened', async (overlay) => {
    const objects = objectsOf(await withComponent('pod-monitor', overlay))
    // its kind is prometheus-operator's: no API server has it by itself
    const own = objects.filter(({ kind }) => kind !== 'PodMonitor')
    expect(await dryRun(own)).toContain('daemonset.apps/evenkeel created (server dry run)')
    const monitor = objects.find(({ kind }) => kind === 'PodMonitor')
    expect(monitor).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      spec: { podMetricsEndpoints: [{ port: podOf(objects).containers[0]?.ports?.[0]?.name, path: '/metrics' }] },
    })
  })
})

describe('chart and overlay give equal objects', () => {
  test.each([
    ['one-service-at-a-time', []],
    ['replace-kube-proxy', replace],
  ])('%s', async (overlay, values) => {
    expect(comparable(await helm(values))).toEqual(comparable(await kustomize(overlay)))
  })
})

test.each(overlays)('%s: the configuration is read without a fault or a warning', async (overlay) => {
  const { problems, warnings, config } = parseConfig(Buffer.from(configOf(await kustomize(overlay))), overlay, {})
  expect([problems, warnings]).toEqual([[], []])
  expect(config.proxyName).toBe(overlay === 'one-service-at-a-time' ? 'evenkeel' : '')
})

test('a chart that replaces kube-proxy without an API server says what is missing', async () => {
  await expect(helm(['--set', 'mode=replace-kube-proxy'])).rejects.toThrow(/apiServer.host is needed/)
  await expect(helm(['--set', 'mode=other'])).rejects.toThrow(/'\/mode': value must be one of/)
})

const objectsOf = (text: string): readonly Rendered[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null)

interface PodSpec {
  readonly initContainers?: readonly { readonly args: readonly string[] }[]
  readonly containers: readonly { readonly ports?: readonly { readonly name: string }[] }[]
}

const podOf = (objects: readonly Rendered[]): PodSpec => {
  const set = objects.find(({ kind }) => kind === 'DaemonSet') as unknown as {
    readonly spec: { readonly template: { readonly spec: PodSpec } }
  }
  return set.spec.template.spec
}

const configOf = (text: string): string => {
  const found = objectsOf(text).find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('evenkeel-config'),
  )
  const data = found?.['data'] as Record<string, string> | undefined
  return data?.['config.yaml'] ?? ''
}

/**
 * Without what differs by nature: hashes in names and annotations, the comments of the configuration, a pull policy, and where the API
 * server's address is written (a ConfigMap that is there to be edited; a value of the chart).
 */
const comparable = (text: string): unknown => {
  const objects = objectsOf(text).filter(({ metadata }) => !metadata.name.startsWith('evenkeel-api-server'))
  const plain = JSON.parse(
    JSON.stringify(objects, (key, value: unknown) => {
      if (key === 'config.yaml') return parseAllDocuments(String(value)).map((document) => document.toJS() as unknown)
      if (key === 'checksum/config' || key === 'imagePullPolicy') return undefined
      if (key === 'env') return (value as { name: string }[]).map(({ name }) => name)
      return typeof value === 'string' ? value.replace(/^(evenkeel-config)-[a-z0-9]{10}$/, '$1') : value
    }),
  ) as Rendered[]
  return plain.toSorted((a, b) => (`${a.kind} ${a.metadata.name}` < `${b.kind} ${b.metadata.name}` ? -1 : 1))
}

test('what it carries is of this version', async () => {
  const { version } = parse(await exec('cat', [folder('../package.json')])) as { version: string }
  for (const text of [await helm([]), ...(await Promise.all(overlays.map(kustomize)))])
    expect(text).toMatch(new RegExp(`image: "?evenkeel:${version.replaceAll('.', '\\.')}"?\\n`))
})
