import type { NodeSettings } from '../../routing/node-view.ts'
import { NODE_PORT } from './topology.ts'
import { dropped, hairpin, masqueraded, reaches, rejected, untouched } from './objects.ts'
import { row, type Row } from './row.ts'

/** Other ways to know pods than clusterCIDR: in all of them only this node's own pods are known. */
const modes: Readonly<Record<string, Partial<NodeSettings>>> = {
  'NodeCIDR (podCIDRs of the Node)': { detectLocalMode: 'NodeCIDR', clusterCIDRs: [] },
  'BridgeInterface (a name)': {
    detectLocalMode: 'BridgeInterface',
    clusterCIDRs: [],
    podInterface: { name: 'pods', prefix: false },
  },
  'InterfaceNamePrefix (the beginning of a name)': {
    detectLocalMode: 'InterfaceNamePrefix',
    clusterCIDRs: [],
    podInterface: { name: 'po', prefix: true },
  },
}

const rowsOf = (mode: string, settings: Partial<NodeSettings>): readonly Row[] => [
  row(`detectLocalMode ${mode}: whoever is not a pod of this node is masqueraded at a cluster IP`, (c) => ({
    settings,
    objects: [c.service(), c.slice([c.near, c.near2, c.far])],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.near2, c.far])),
      c.dial(c.near.addresses[0], c.clusterIP, hairpin([c.near, c.near2, c.far])),
      c.dial(c.node, c.clusterIP, masqueraded([c.near, c.near2, c.far])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.near2, c.far])),
      c.dial(c.far2.addresses[0], c.clusterIP, masqueraded([c.near, c.near2, c.far])),
    ],
  })),
  row(`detectLocalMode ${mode}: externalTrafficPolicy Local, pods and the node take the short circuit`, (c) => ({
    settings,
    objects: [c.everywhere({ externalTrafficPolicy: 'Local' }), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.pod, c.balancer, reaches([c.near, c.far])),
      c.dial(c.pod, c.node, reaches([c.near, c.far]), NODE_PORT),
      c.dial(c.node, c.balancer, masqueraded([c.near, c.far])),
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.outside, c.node, reaches([c.near]), NODE_PORT),
      c.dial(c.far2.addresses[0], c.balancer, reaches([c.near])),
    ],
  })),
  row(`detectLocalMode ${mode}: externalTrafficPolicy Local without an endpoint here`, (c) => ({
    settings,
    objects: [c.everywhere({ externalTrafficPolicy: 'Local' }), c.slice([c.far])],
    packets: [
      c.dial(c.pod, c.balancer, reaches([c.far])),
      c.dial(c.node, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.balancer, dropped),
      c.dial(c.far2.addresses[0], c.node, dropped, NODE_PORT),
    ],
  })),
]

export const detectLocalRows: readonly Row[] = [
  ...Object.entries(modes).flatMap(([mode, settings]) => rowsOf(mode, settings)),
  row('detectLocalMode BridgeInterface: an interface whose name only begins so is another one', (c) => ({
    settings: { ...modes['BridgeInterface (a name)'], podInterface: { name: 'pod', prefix: false } },
    objects: [c.service(), c.slice([c.near, c.far])],
    packets: [c.dial(c.pod, c.clusterIP, masqueraded([c.near, c.far]))],
  })),
  row('without the feature gate AllowServiceExternalIPs external IPs lead nowhere', (c) => ({
    settings: { externalIPs: false },
    objects: [c.everywhere(), c.slice([c.near])],
    packets: [
      c.dial(c.outside, c.externalIP, untouched),
      c.dial(c.outside, c.balancer, masqueraded([c.near])),
      c.dial(c.pod, c.clusterIP, reaches([c.near])),
      c.dial(c.pod, c.clusterIP, rejected, 9),
    ],
  })),
]
