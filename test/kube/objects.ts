export interface DeploymentOptions {
  readonly replicas: number
  /** default node-a */
  readonly node?: string
}

/** Pods labelled `app: NAME` that answer on 8080 by TCP and UDP, and on 9090 by TCP. */
export const deployment = (name: string, { replicas, node = 'node-a' }: DeploymentOptions): object => {
  const ports = [
    { name: 'http', containerPort: 8080 },
    { name: 'datagrams', containerPort: 8080, protocol: 'UDP' },
    { name: 'other', containerPort: 9090 },
  ]
  const template = {
    metadata: { labels: { app: name } },
    spec: { nodeName: node, containers: [{ name, image: name, ports }] },
  }
  const spec = { replicas, selector: { matchLabels: { app: name } }, template }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: { app: name } }, spec }
}

/** Selects `app: NAME`; port 80 goes to 8080, in both families. */
export const service = (name: string, spec: Readonly<Record<string, unknown>> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: {
    selector: { app: name },
    ipFamilyPolicy: 'PreferDualStack',
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    ...spec,
  },
})

/** A slice of a Service without selector, written by hand: addresses of one family, port http. `written` is the change's time as the controller notes it. */
export const slice = (name: string, of: string, addresses: readonly string[], written?: Date): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name,
    labels: { 'kubernetes.io/service-name': of },
    ...(written && { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': written.toISOString() } }),
  },
  addressType: addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName: 'node-a' })),
})
