import { type Cluster, families, ranges, type ByFamily } from './cluster.ts'
import { exec } from '../kernel/exec.ts'
import { inNetns, ipBatch } from './ip.ts'
import { sysctlScript, withPrefix } from './topology.ts'

/** One more machine on the underlay, e.g. an external load balancer. */
export interface LabHost {
  readonly name: string
  readonly netns: string
  readonly addresses: ByFamily
}

/** It knows the underlay and, through the nodes, the pods' addresses; nothing of Services. It goes with the lab's network. */
export const attachHost = async (
  { prefix, underlay, nodes }: Cluster,
  name: string,
  addresses: ByFamily,
): Promise<LabHost> => {
  const netns = `${prefix}${name}`
  await ipBatch([`netns add ${netns}`])
  await exec('ip', inNetns(netns, ['sh', '-c', sysctlScript]))
  // interface names have at most 15 characters
  const port = name.slice(0, 15)
  await ipBatch(
    [`link add ${port} type veth peer name eth0 netns ${netns}`, `link set ${port} master underlay up`],
    underlay,
  )
  await ipBatch(
    [
      'link set eth0 up',
      ...families.flatMap((family) => [
        `address add ${withPrefix(addresses[family], ranges.underlay[family])} dev eth0`,
        ...nodes.map((node) => `route add ${node.podCIDRs[family]} via ${node.addresses[family]}`),
      ]),
    ],
    netns,
  )
  return { name, netns, addresses }
}
