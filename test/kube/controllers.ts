import { join } from 'node:path'
import type { KubeCluster } from './cluster.ts'
import { binaries } from './binaries.ts'
import { ready, run } from './processes.ts'

/** Those that `kubectl create deployment`, `scale`, `expose` and `delete` are made of. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
]

/** The real kube-controller-manager. Resolves when its deployment controller works. */
export const startControllers = async (cluster: KubeCluster): Promise<AsyncDisposable> => {
  const flags = {
    kubeconfig: cluster.kubeconfig,
    controllers: CONTROLLERS.join(','),
    'leader-elect': 'false',
    // no server of its own
    'secure-port': '0',
    // a test waits for each of its steps
    'kube-api-qps': '200',
    'kube-api-burst': '400',
  }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const program = run(binaries.kubeControllerManager, args, join(cluster.directory, 'kube-controller-manager.log'))
  try {
    await ready('kube-controller-manager', program, async () => await observes(cluster))
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
  return { [Symbol.asyncDispose]: () => program.kill('SIGKILL') }
}

/** It has no endpoint to ask: a Deployment of no pods shows that it is at work. */
const observes = async ({ api }: KubeCluster): Promise<boolean> => {
  const path = '/apis/apps/v1/namespaces/default/deployments'
  const labels = { app: 'probe' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'probe', image: 'probe' }] } }
  const spec = { replicas: 0, selector: { matchLabels: labels }, template }
  await api.call('POST', path, { metadata: { name: 'probe' }, spec }).catch(() => {})
  const { status } = await api.call('GET', `${path}/probe`)
  if (status?.['observedGeneration'] === undefined) return false
  await api.call('DELETE', `${path}/probe`)
  return true
}
