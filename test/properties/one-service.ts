import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type BenchAgent, startAgent } from '../../bench/bench-agent.ts'
import { clusterIP, nodeObject, podAddress } from '../../src/lab/scale/objects.ts'
import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import { type Child, startChild } from '../support/child-calls.ts'
import { createNamespace } from '../support/namespaces.ts'
import type { FlowRequest, FlowValue } from '../support/flows.ts'

export const FRONTEND = { to: clusterIP(0), port: 80 }

/** One UDP Service in a namespace: an agent that keeps it, and a sender of flows to it. */
export interface OneService {
  readonly namespace: string
  readonly agent: BenchAgent
  readonly flows: Child<FlowRequest, FlowValue>
}

/** Starts with these pods (numbers of `podAddress`). Everything is disposed of with `stack`. */
export const openService = async (stack: AsyncDisposableStack, pods: readonly number[]): Promise<OneService> => {
  const { name } = stack.use(createNamespace('ek-churn', `one-${pods.length}`))
  const ip = (...args: readonly string[]): void => void execFileSync('ip', ['-n', name, ...args], { timeout: 30_000 })
  // sources are any addresses of the pods' range; what leaves goes round over loopback and ends there
  ip('route', 'add', 'default', 'dev', 'lo')
  const agent = stack.use(startAgent(name, { plane: 'nftables' }))
  await agent.load([nodeObject, service, sliceOf(pods)])
  await agent.sync()
  const script = fileURLToPath(new URL('../support/flows.ts', import.meta.url))
  const flows = stack.use(startChild<FlowRequest, FlowValue>(script, [], { namespace: name, deadlineMs: 30_000 }))
  return { namespace: name, agent, flows }
}

const service: RawObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { clusterIP: FRONTEND.to, ports: [{ name: 'dns', protocol: 'UDP', port: FRONTEND.port }] },
}

export const sliceOf = (pods: readonly number[]): RawObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'dns', protocol: 'UDP', port: 8080 }],
  endpoints: pods.map((pod) => ({ addresses: [podAddress(pod)], conditions: { ready: true } })),
})
