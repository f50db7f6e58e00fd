import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestAgent } from './agent.ts'
import { nodeAddresses } from './network.ts'
import { deployment, service, slice } from './objects.ts'
import { until } from './until.ts'
import { type KubeWorld, startWorld } from './world.ts'

/** What people do with kubectl; after each step the agent is in sync, and connections go where they must. */
let world: KubeWorld
let agent: TestAgent
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  world = stack.use(await startWorld())
  agent = world.agent('agent')
  await world.inSync(agent)
})
afterAll(async () => {
  await stack.disposeAsync()
})

const hasPods = (app: string, count: number): Promise<void> =>
  until(async () => expect(await world.pods(app)).toHaveLength(count))

/** Every pod of the app, and nobody else, answers at the address. */
const reaches = async (to: string, port: number, app: string, from?: string): Promise<void> => {
  const options = { times: 40, ...(from !== undefined && { from }) }
  await until(async () => expect(await world.answers(to, port, options)).toEqual(await world.pods(app)))
}

const clusterIPs = async (name: string): Promise<readonly [v4: string, v6: string]> => {
  const [v4 = '', v6 = ''] = await world.clusterIPs(name)
  return [v4, v6]
}

const podAddress = (app: string): Promise<string> =>
  world.kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'jsonpath={.items[0].status.podIP}')

const scaled = async (app: string, replicas: number): Promise<void> => {
  await world.kubectl('scale', 'deployment', app, `--replicas=${replicas}`)
  await hasPods(app, replicas)
  await world.inSync(agent)
}

test("the API server's own Service is reached", async () => {
  await until(async () => {
    const response = await fetch('https://10.96.0.1/readyz').catch((error: Error) => error.cause)
    // its certificate is not for this address: so it is the API server that answered
    expect(String(response)).toMatch(/certificate|altnames|unable to verify/i)
  })
})

describe('an application', () => {
  const app = 'web'
  let v4 = ''
  let v6 = ''
  beforeAll(async () => {
    await world.apply(deployment(app, { replicas: 3 }), service(app))
    ;[v4, v6] = await clusterIPs(app)
    await hasPods(app, 3)
    await world.inSync(agent)
  })

  test('created: in both families, from the node and from pods', async () => {
    await reaches(v4, 80, app)
    await reaches(v6, 80, app)
    await reaches(v4, 80, app, await podAddress(app))
  })

  test.for([5, 1])('scaled to %i', async (replicas) => {
    await scaled(app, replicas)
    await reaches(v4, 80, app)
    await reaches(v6, 80, app)
  })

  test('scaled to 0: refused at once; back to 2', async () => {
    await scaled(app, 0)
    await until(async () => expect(await world.answers(v4, 80)).toEqual(['ECONNREFUSED']))
    await scaled(app, 2)
    await reaches(v4, 80, app)
  })

  test('a pod is replaced', async () => {
    const [first = ''] = await world.pods(app)
    await world.kubectl('delete', 'pod', first)
    await until(async () => expect(await world.pods(app)).not.toContain(first))
    await world.inSync(agent)
    await reaches(v4, 80, app)
  })

  test('a pod that is not ready gets nothing until it is', async () => {
    const [first = '', second = ''] = await world.pods(app)
    await world.node.setReady(first, false)
    await until(async () => expect(await world.answers(v4, 80)).toEqual([second]))
    await world.inSync(agent)
    await world.node.setReady(first, true)
    await reaches(v4, 80, app)
  })

  test('pods that terminate serve on while there are no others', async () => {
    await scaled(app, 1)
    const leaving = await world.pods(app)
    await world.node.holdTerminating(true)
    await world.kubectl('scale', 'deployment', app, '--replicas=0')
    await until(async () => expect(await world.pods(app)).toEqual([]))
    await until(async () => expect((await agent.status()).inSync).toBe(true))
    expect(await world.answers(v4, 80)).toEqual(leaving)
    await world.kubectl('scale', 'deployment', app, '--replicas=2')
    await hasPods(app, 2)
    await reaches(v4, 80, app)
    await world.node.holdTerminating(false)
    await world.inSync(agent)
    await reaches(v4, 80, app)
  })

  test('its port changes: the old one is nobody’s', async () => {
    await world.kubectl(
      'patch',
      'service',
      app,
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/ports/0/port","value":81}]',
    )
    await reaches(v4, 81, app)
    await world.inSync(agent)
    const old = await world.answers(v4, 80, { times: 2 })
    expect(old).toHaveLength(1)
    expect(old[0]).toMatch(/^E/)
  })

  test('a port is added by UDP, another by name of another container port', async () => {
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'datagrams', port: 53, protocol: 'UDP', targetPort: 'datagrams' },
      { name: 'other', port: 90, targetPort: 'other' },
    ]
    await world.kubectl('patch', 'service', app, '-p', JSON.stringify({ spec: { ports } }), '--type=merge')
    await reaches(v4, 80, app)
    await reaches(v4, 90, app)
    await until(async () => expect(await world.datagrams(v4, 53, 40)).toEqual(await world.pods(app)))
    await world.inSync(agent)
  })
})

describe('types and policies', () => {
  const app = 'api'
  let v4 = ''
  beforeAll(async () => {
    await world.apply(
      deployment(app, { replicas: 2 }),
      deployment('far', { replicas: 2, node: 'node-b' }),
      service(app),
    )
    await world.apply(service('far'))
    ;[v4] = await clusterIPs(app)
    await hasPods(app, 2)
    await hasPods('far', 2)
    await world.inSync(agent)
  })

  const patch = (name: string, spec: object): Promise<string> =>
    world.kubectl('patch', 'service', name, '--type=merge', '-p', JSON.stringify({ spec }))

  test('ClusterIP → NodePort → LoadBalancer → ClusterIP', async () => {
    await patch(app, { type: 'NodePort' })
    const nodePort = Number(await world.kubectl('get', 'service', app, '-o', 'jsonpath={.spec.ports[0].nodePort}'))
    await reaches(nodeAddresses.IPv4, nodePort, app)
    await world.inSync(agent)
    await patch(app, { type: 'LoadBalancer' })
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } } })
    await world.kubectl('patch', 'service', app, '--subresource=status', '--type=merge', '-p', status)
    await reaches('198.51.100.7', 80, app)
    await world.inSync(agent)
    await patch(app, { type: 'ClusterIP' })
    await reaches(v4, 80, app)
    await until(async () => {
      const answers = await world.answers(nodeAddresses.IPv4, nodePort, { times: 2 })
      expect(answers).toEqual(['ECONNREFUSED'])
    })
    await world.inSync(agent)
  })

  test('internalTrafficPolicy Local: only pods of this node; none here: nothing', async () => {
    const [far] = await clusterIPs('far')
    await reaches(far, 80, 'far')
    await patch('far', { internalTrafficPolicy: 'Local' })
    await patch(app, { internalTrafficPolicy: 'Local' })
    await reaches(v4, 80, app)
    await until(async () => expect(await world.answers(far, 80, { times: 1 })).toEqual(['ETIMEDOUT']))
    await patch('far', { internalTrafficPolicy: 'Cluster' })
    await patch(app, { internalTrafficPolicy: 'Cluster' })
    await reaches(far, 80, 'far')
    await world.inSync(agent)
  })

  test('session affinity: a client stays with its pod', async () => {
    await patch(app, { sessionAffinity: 'ClientIP' })
    await until(async () => {
      const first = await world.answers(v4, 80, { times: 1 })
      expect(await world.answers(v4, 80, { times: 20 })).toEqual(first)
    })
    await world.inSync(agent)
    await patch(app, { sessionAffinity: 'None' })
    await reaches(v4, 80, app)
  })

  test('annotations: weights decide, then not', async () => {
    const [first = '', second = ''] = await world.pods(app)
    await world.kubectl('annotate', 'service', app, `evenkeel.io/weights={"${first}": 0}`)
    await until(async () => expect(await world.answers(v4, 80)).toEqual([second]))
    expect((await agent.status()).inSync).toBe(true)
    await world.kubectl('annotate', 'service', app, 'evenkeel.io/weights-')
    await reaches(v4, 80, app)
    await world.inSync(agent)
  })

  test('an annotation that nobody understands is named by status and costs nothing else', async () => {
    await world.kubectl('annotate', 'service', app, 'evenkeel.io/scheduler=best')
    const status = await until(async () => {
      const status = await world.inSync(agent)
      expect(status.problems.map(({ object }) => object).join()).toContain(app)
      return status
    })
    expect(JSON.stringify(status.problems)).toContain('best')
    await reaches(v4, 80, app)
    await world.kubectl('annotate', 'service', app, 'evenkeel.io/scheduler-')
    await until(async () => expect((await agent.status()).problems).toEqual([]))
  })

  test('a Service given to another proxy, and back', async () => {
    await world.kubectl('label', 'service', app, 'service.kubernetes.io/service-proxy-name=another')
    await until(async () => expect((await world.answers(v4, 80, { times: 1 }))[0]).toMatch(/^E/))
    await world.inSync(agent)
    await world.kubectl('label', 'service', app, 'service.kubernetes.io/service-proxy-name-')
    await reaches(v4, 80, app)
    await world.inSync(agent)
  })

  test('type ExternalName, and back', async () => {
    await patch('far', { type: 'ExternalName', externalName: 'example.com', clusterIP: null, clusterIPs: null })
    await world.inSync(agent)
    await patch('far', { type: 'ClusterIP', externalName: null })
    const [far] = await clusterIPs('far')
    await reaches(far, 80, 'far')
    await world.inSync(agent)
  })
})

describe('endpoints written by hand', () => {
  test('slices of a Service without selector come, change and go', async () => {
    await world.apply(
      deployment('hand', { replicas: 2 }),
      service('hand', { selector: null, ipFamilyPolicy: 'SingleStack' }),
    )
    const [v4] = await clusterIPs('hand')
    await hasPods('hand', 2)
    const [one = '', two = ''] = (
      await world.kubectl('get', 'pods', '-l', 'app=hand', '-o', 'jsonpath={.items[*].status.podIP}')
    ).split(' ')
    await world.apply(slice('hand-1', 'hand', [one]))
    await until(async () => expect(await world.answers(v4, 80)).toHaveLength(1))
    await world.inSync(agent)
    await world.apply(slice('hand-2', 'hand', [two]))
    await reaches(v4, 80, 'hand')
    await world.apply(slice('hand-1', 'hand', [one, two]))
    await world.inSync(agent)
    await world.kubectl('delete', 'endpointslice', 'hand-1', 'hand-2')
    await until(async () => expect(await world.answers(v4, 80)).toEqual(['ECONNREFUSED']))
    await world.inSync(agent)
  })

  test('a headless Service is none of ours', async () => {
    const before = await world.nftables.generation()
    await world.apply(service('headless', { clusterIP: 'None', selector: { app: 'hand' } }))
    await until(async () =>
      expect(await world.kubectl('get', 'endpointslices', '-o', 'name')).toContain(
        'endpointslice.discovery.k8s.io/headless',
      ),
    )
    await world.inSync(agent)
    expect(await world.nftables.generation()).toBe(before)
  })
})

test('a further ServiceCIDR', async () => {
  const cidr = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'more' } }
  await world.apply({ ...cidr, spec: { cidrs: ['10.97.0.0/24'] } })
  await until(() =>
    world.apply(service('more', { clusterIP: '10.97.0.7', ipFamilyPolicy: 'SingleStack', selector: { app: 'hand' } })),
  )
  await reaches('10.97.0.7', 80, 'hand')
  await world.inSync(agent)
})

describe('at the end', () => {
  test('all is deleted: nothing of it is left in the kernel', async () => {
    await world.kubectl('delete', 'deployments,services', '-l', 'app')
    await world.kubectl('delete', 'deployments', '--all')
    const names = (await world.kubectl('get', 'services', '-o', 'name'))
      .split('\n')
      .filter((name) => name.includes('/'))
    await world.kubectl('delete', ...names.filter((name) => name !== 'service/kubernetes'))
    await until(async () => expect(await world.kubectl('get', 'pods', '-o', 'name')).toBe(''))
    const status = await world.inSync(agent)
    expect(world.node.errors).toEqual([])
    // what is left is default/kubernetes
    expect(status.planes.map(({ frontends }) => frontends)).toEqual([1])
    expect(status.problems).toEqual([])
  })

  test('SIGTERM ends the agent and leaves the rules', async () => {
    const before = await world.nftables.generation()
    await agent.kill('SIGTERM')
    expect(agent.exit()).toBe('exit 0')
    expect(await world.nftables.generation()).toBe(before)
  })
})
