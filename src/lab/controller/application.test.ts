import { describe, expect, it } from 'vitest'
import { type Application, type ApplicationOptions, podLimits, readApplication } from './application.ts'

const read = (raws: readonly unknown[], options: Partial<ApplicationOptions> = {}): Application =>
  readApplication(
    raws.map((raw, i) => ({ raw, where: (path) => `app.yaml:${i}${path.length === 0 ? '' : ` ${path.join('.')}`}` })),
    { nodes: 2, ...options },
  )

const workload = (kind: string, replicas?: unknown, change: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }], ...change },
    },
  },
})

const service = (spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
})

const names = ({ pods }: Application): readonly string[] => pods.map(({ name }) => name)

describe('workloads', () => {
  it.each([
    ['Deployment', undefined, ['web-0']],
    ['Deployment', 3, ['web-0', 'web-1', 'web-2']],
    ['StatefulSet', 2, ['web-0', 'web-1']],
    ['ReplicaSet', 0, []],
    ['DaemonSet', undefined, ['web-0', 'web-1']],
  ])('%s with replicas %s becomes %j', (kind, replicas, pods) => {
    expect(names(read([workload(kind, replicas)]))).toEqual(pods)
  })

  it('puts one pod of a DaemonSet on each node', () => {
    expect(read([workload('DaemonSet')], { nodes: 3 }).pods.map(({ node }) => node)).toEqual([
      'node-0',
      'node-1',
      'node-2',
    ])
  })

  it('takes other replicas than the author’s when asked, but not of what is scaled to nothing', () => {
    expect(names(read([workload('Deployment', 1)], { replicas: 3 }))).toHaveLength(3)
    expect(names(read([workload('Deployment', 0)], { replicas: 3 }))).toHaveLength(0)
  })

  it('cuts what is too many for a machine, and says so', () => {
    const { pods, notes } = read([workload('Deployment', 1000)])
    expect(pods).toHaveLength(podLimits.perWorkload)
    expect(notes[0]).toContain('20 of 1000 pods')
  })

  it('listens on the ports of containers and sidecars, not of other init containers', () => {
    const app = read([
      workload('Deployment', 1, {
        initContainers: [
          { restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15001, protocol: 'UDP' }] },
          { ports: [{ containerPort: 9 }] },
        ],
      }),
    ])
    expect(app.pods[0]?.ports).toEqual([
      { name: 'http', protocol: 'TCP', port: 8080 },
      { name: 'proxy', protocol: 'UDP', port: 15001 },
    ])
  })

  it('listens on a Service’s numeric target port, declared or not', () => {
    const app = read([workload('Deployment'), service({ ports: [{ port: 80, targetPort: 9000 }] })])
    expect(app.pods[0]?.ports.map(({ port }) => port)).toEqual([8080, 9000])
  })
})

describe('what does not fit', () => {
  it('names a Service whose selector matches nothing', () => {
    expect(read([service()]).notes).toEqual(['Service default/web: its selector app=web matches no pod'])
    expect(read([service({ selector: null })]).notes).toEqual([])
  })

  it('names kinds that it leaves out', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' } }
    expect(read([job, job, { kind: 'ConfigMap' }]).notes).toEqual(['2 × Job: not for a lab, left out'])
  })

  it.each([
    [workload('Deployment', 'many'), 'spec.replicas'],
    [{ apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { ports: [] } }, 'metadata.name'],
    [service({ clusterIP: 'nonsense' }), 'spec.clusterIPs'],
  ])('names the field of %#', (raw, field) => {
    const app = read([raw])
    expect(app.problems.map((problem) => problem.field)).toContain(field)
    expect([...app.services, ...app.pods]).toEqual([])
  })

  it('is not moved by documents that are no objects', () => {
    expect(read([null, 3, 'text', [], {}]).services).toEqual([])
  })
})
