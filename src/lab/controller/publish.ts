import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { families, ranges, type LabNode } from '../cluster.ts'
import { endpointSlices, type PodState } from './endpoint-slices.ts'
import { serviceManifest, type LabService } from './service.ts'

/** Everything that the controllers know at one moment. */
export interface ControlState {
  readonly nodes: readonly LabNode[]
  readonly services: readonly LabService[]
  readonly pods: readonly PodState[]
  /** EndpointSlices that their author wrote */
  readonly slices: readonly object[]
  /** set on every Service, e.g. `evenkeel.io/scheduler` */
  readonly annotations: Readonly<Record<string, string>>
}

/** Files by name, each with its objects: one for each Service, for its slices and for each node. Pure. */
export const manifests = (state: ControlState): ReadonlyMap<string, readonly object[]> => {
  const files = new Map<string, readonly object[]>([['servicecidr.yaml', [serviceCIDR()]]])
  for (const node of state.nodes) files.set(`node-${node.name}.yaml`, [nodeManifest(node)])
  for (const service of state.services) {
    const name = `${service.namespace}.${service.name}.yaml`
    files.set(`service-${name}`, [serviceManifest(service, state.annotations)])
    const slices = endpointSlices(service, state.pods, state.nodes)
    if (slices.length > 0) files.set(`endpointslices-${name}`, slices)
  }
  if (state.slices.length > 0) files.set('endpointslices.yaml', state.slices)
  return files
}

const serviceCIDR = (): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'kubernetes' },
  spec: { cidrs: families.map((family) => ranges.serviceCIDRs[family]) },
})

const nodeManifest = (node: LabNode): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: node.name,
    labels: { 'kubernetes.io/hostname': node.name, 'topology.kubernetes.io/zone': node.zone },
  },
  spec: { podCIDR: node.podCIDRs.IPv4, podCIDRs: families.map((family) => node.podCIDRs[family]) },
  status: {
    addresses: [
      ...families.map((family) => ({ type: 'InternalIP', address: node.addresses[family] })),
      { type: 'Hostname', address: node.name },
    ],
  },
})

/**
 * Writes the files into a directory: only those that changed, each by rename, so that a reader meets a whole one.
 * `written` holds what the directory has; answers what it has now.
 */
export const publish = async (
  directory: string,
  state: ControlState,
  written: ReadonlyMap<string, string> = new Map(),
): Promise<ReadonlyMap<string, string>> => {
  const files = new Map(
    [...manifests(state)].map(([name, objects]) => [name, objects.map((object) => stringify(object)).join('---\n')]),
  )
  for (const [name, text] of files) {
    if (written.get(name) === text) continue
    const hidden = join(directory, `.${name}.new`)
    await writeFile(hidden, text)
    await rename(hidden, join(directory, name))
  }
  for (const name of await readdir(directory))
    if (written.has(name) && !files.has(name)) await rm(join(directory, name), { force: true })
  return files
}
