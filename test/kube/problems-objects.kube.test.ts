import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestAgent } from './agent.ts'
import { ApiError, type KubeObject } from './api.ts'
import { complains } from './complaints.ts'
import { service, slice } from './objects.ts'
import { addressesInForce } from './rules-text.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/**
 * The API server of another version, or another's patch on the way, sends objects that are not as the API has them. The real one refuses
 * to keep such objects, so its answers are spoilt on the way.
 */
let world: KubeWorld
const stack = new AsyncDisposableStack()
const names = ['good', 'no-port', 'odd-type', 'odd-policy', 'number-name'] as const

beforeAll(async () => {
  world = stack.use(await startWorld())
  await world.apply(
    ...names.flatMap((name, index) => [
      service(name, { selector: null, ipFamilyPolicy: 'SingleStack' }),
      slice(`${name}-1`, name, [`10.1.0.${index + 200}`]),
    ]),
  )
})
afterAll(() => stack.disposeAsync())

type Loose = Record<string, unknown>

const spoil: Readonly<Record<string, (spec: Loose) => Loose>> = {
  'no-port': (spec) => ({ ...spec, ports: (spec['ports'] as Loose[]).map(({ port: _port, ...rest }) => rest) }),
  'odd-type': (spec) => ({ ...spec, type: 'Sidecar' }),
  'odd-policy': (spec) => ({ ...spec, internalTrafficPolicy: 'Nearest' }),
  'number-name': (spec) => ({ ...spec, ports: (spec['ports'] as Loose[]).map((port) => ({ ...port, name: 7 })) }),
}

/** Services as a list, spoilt; as a watch-list they are refused, so that the agent asks for the list. What comes after is true. */
const spoilt = async (): Promise<void> => {
  const path = '/api/v1/services?fieldSelector=spec.clusterIP!%3DNone'
  const list = await world.cluster.api.call<{ items: readonly KubeObject[] }>('GET', path)
  const items = list.items.map((item) => ({ ...item, spec: (spoil[item.metadata.name] ?? same)(item.spec as Loose) }))
  const body = JSON.stringify({ ...list, items })
  world.proxy.meet(({ resource, kind }) => {
    if (resource !== 'services' || kind === 'watch') return undefined
    return { answer: kind === 'watch-list' ? { status: 400, body: '{}' } : { status: 200, body } }
  })
}

const same = (spec: Loose): Loose => spec

const faults = (of: TestAgent): readonly (readonly [object: unknown, field: unknown, message: unknown])[] =>
  of
    .log()
    .filter(({ msg }) => msg === 'a fault in the input')
    .map(({ object, field, message }) => [object, field, message] as const)
    .toSorted()

test('missing fields, other types and unknown words: a line each, the rest goes on; mended, they are served', async () => {
  await spoilt()
  await using agent = world.agent('objects')
  const said = await until(async () => {
    const status = await agent.status()
    expect(status).toMatchObject({ inSync: true, source: { synced: true } })
    expect(status.problems).toHaveLength(4)
    return status.problems.map(({ object, field, message }) => `${object} ${field}: ${message}`)
  })
  expect(said).toEqual([
    expect.stringMatching(/^Service default\/no-port spec\.ports\[0\]\.port: .*1 … 65535, and is required/),
    expect.stringMatching(/^Service default\/number-name spec\.ports\[0\]\.name: must be a string, not 7/),
    expect.stringMatching(
      /^Service default\/odd-policy spec\.internalTrafficPolicy: must be Cluster, Local, not "Nearest"/,
    ),
    expect.stringMatching(/^Service default\/odd-type spec\.type: must be ClusterIP, .*, not "Sidecar"/),
  ])
  expect(faults(agent)).toHaveLength(4)
  const [good = ''] = await world.clusterIPs('good')
  expect(addressesInForce().frontends).toContain(good)
  world.proxy.meet(() => undefined)
  for (const name of Object.keys(spoil)) await world.kubectl('annotate', 'service', name, 'touched=yes')
  const { problems } = await world.inSync(agent)
  expect(problems).toEqual([])
})

/** What the real one says to a path that it does not serve. */
const refused = async (path: string): Promise<ApiError> => {
  const error: unknown = await world.cluster.api.text(path).catch((thrown: unknown) => thrown)
  if (error instanceof ApiError) return error
  throw new Error(`${path} is served`)
}

test('an API server that does not serve a version we need says so in its own way; it is named, and heals', async () => {
  const { body } = await refused('/apis/discovery.k8s.io/v9/endpointslices')
  world.proxy.meet(({ resource }) => (resource === 'endpointslices' ? { answer: { status: 404, body } } : undefined))
  await using agent = world.agent('versions')
  await complains(agent, /does not know what is asked for .*endpointslices\.discovery\.k8s\.io.*older/)
  expect((await agent.status()).source.synced).toBe(false)
  world.proxy.meet(() => undefined)
  await world.inSync(agent, 90_000)
})
