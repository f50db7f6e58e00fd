import { inCidr } from '../../model/address.ts'
import type { Family } from '../../model/objects.ts'
import { type NodeSettings, plainSettings } from '../../routing/node-view.ts'
import type { ConformanceCase, ConformancePacket, Need, RawObject } from './case.ts'
import { clusterOf, commonObjects, type Cluster } from './objects.ts'
import { NODE, topology, type Topology } from './topology.ts'

/** A row without its family. */
export interface Row {
  readonly name: string
  readonly families?: readonly Family[]
  of(cluster: Cluster): RowContent
}

export interface RowContent {
  readonly objects: readonly RawObject[]
  readonly packets: readonly ConformancePacket[]
  readonly settings?: Partial<NodeSettings>
  readonly needs?: readonly Need[]
  readonly problems?: readonly string[]
  readonly kernel?: string
}

export const row = (name: string, of: (cluster: Cluster) => RowContent): Row => ({ name, of })

const settings: NodeSettings = {
  ...plainSettings,
  nodeName: NODE,
  clusterCIDRs: [topology.IPv4.clusterCIDR, topology.IPv6.clusterCIDR],
}

/** The row in IPv4 and in IPv6. */
export const twins = (rows: readonly Row[]): readonly ConformanceCase[] =>
  rows.flatMap(({ name, families = ['IPv4', 'IPv6'], of }) =>
    families.map((family) => {
      const content = of(clusterOf(topology[family]))
      return {
        needs: [],
        problems: [],
        ...content,
        name: `${name} (${family})`,
        family,
        settings: { ...settings, ...content.settings },
        objects: [...commonObjects(topology[family]), ...content.objects],
        packets: content.settings?.podInterface
          ? content.packets.map((packet) => entering(packet, topology[family]))
          : content.packets,
      }
    }),
  )

/** The interface by which the node gets it, where pods of this node are behind one and everybody else is behind another. */
const entering = (packet: ConformancePacket, at: Topology): ConformancePacket => {
  if (at.nodeAddresses.includes(packet.from)) return packet
  return { ...packet, inputInterface: inCidr(packet.from, at.podCIDR) ? 'pods' : 'outside' }
}
