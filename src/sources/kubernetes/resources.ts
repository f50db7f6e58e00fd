import type { ClusterKind } from '../objects.ts'

/** A collection of objects on the API server, as much of it as this node needs. */
export interface Resource {
  readonly kind: ClusterKind
  readonly apiVersion: string
  /** as RBAC has it, e.g. `endpointslices.discovery.k8s.io` */
  readonly name: string
  readonly path: string
  /** '' all */
  readonly labelSelector: string
  readonly fieldSelector: string
  /** servers without it, or that do not let us, serve the rest all the same */
  readonly optional: boolean
}

export interface Scope {
  /** only this Node's object is read */
  readonly nodeName: string
  /** only the Services with this service-proxy-name are read; '' those without one */
  readonly proxyName: string
}

const proxyLabel = 'service.kubernetes.io/service-proxy-name'

/**
 * What kube-proxy 1.36 asks for (cmd/kube-proxy/app/server.go): headless Services and their slices never come. Slices are not chosen by
 * proxy name: their controller copies the Service's label to them only later.
 */
export const resourcesOf = ({ nodeName, proxyName }: Scope): readonly Resource[] => [
  {
    kind: 'Service',
    apiVersion: 'v1',
    name: 'services',
    path: '/api/v1/services',
    labelSelector: proxyName === '' ? `!${proxyLabel}` : `${proxyLabel}=${proxyName}`,
    fieldSelector: 'spec.clusterIP!=None',
    optional: false,
  },
  {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    name: 'endpointslices.discovery.k8s.io',
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    labelSelector: '!service.kubernetes.io/headless',
    fieldSelector: '',
    optional: false,
  },
  {
    kind: 'Node',
    apiVersion: 'v1',
    name: 'nodes',
    path: '/api/v1/nodes',
    labelSelector: '',
    fieldSelector: `metadata.name=${nodeName}`,
    optional: false,
  },
  {
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    name: 'servicecidrs.networking.k8s.io',
    path: '/apis/networking.k8s.io/v1/servicecidrs',
    labelSelector: '',
    fieldSelector: '',
    optional: true,
  },
]
