import { dropped, hairpin, masqueraded, reaches, rejected, withoutNode } from './objects.ts'
import { row, type Row } from './row.ts'
import { NODE_PORT } from './topology.ts'

const externalLocal = { externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 }

/** Traffic policy Local, inside and outside, and the short circuits. */
export const policyRows: readonly Row[] = [
  row('internalTrafficPolicy Local: this node’s endpoints, whoever asks', (c) => ({
    objects: [c.service({ internalTrafficPolicy: 'Local' }), c.slice([c.near, c.near2, c.far])],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.near2])),
      c.dial(c.node, c.clusterIP, masqueraded([c.near, c.near2])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.near2])),
      c.dial(c.near.addresses[0], c.clusterIP, hairpin([c.near, c.near2])),
    ],
  })),
  row('internalTrafficPolicy Local without an endpoint here: dropped, because others have some', (c) => ({
    objects: [c.service({ internalTrafficPolicy: 'Local' }), c.slice([c.far, c.far2])],
    packets: [
      c.dial(c.pod, c.clusterIP, dropped),
      c.dial(c.node, c.clusterIP, dropped),
      c.dial(c.outside, c.clusterIP, dropped),
    ],
  })),
  row('internalTrafficPolicy Local without any endpoint: refused', (c) => ({
    objects: [c.service({ internalTrafficPolicy: 'Local' }), c.slice([])],
    packets: [c.dial(c.pod, c.clusterIP, rejected), c.dial(c.node, c.clusterIP, rejected)],
  })),
  row('internalTrafficPolicy Local leaves the ways in from outside alone', (c) => ({
    objects: [c.everywhere({ internalTrafficPolicy: 'Local' }), c.slice([c.far])],
    packets: [
      c.dial(c.pod, c.clusterIP, dropped),
      c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.pod, c.balancer, masqueraded([c.far])),
    ],
  })),
  row('externalTrafficPolicy Local: the outside keeps its address and this node’s endpoints', (c) => ({
    objects: [c.everywhere(externalLocal), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.outside, c.node, reaches([c.near]), NODE_PORT),
      c.dial(c.outside, c.externalIP, reaches([c.near])),
      c.dial(c.outside, c.balancer, reaches([c.near])),
    ],
  })),
  row('externalTrafficPolicy Local: pods and the node take the short circuit to all endpoints', (c) => ({
    objects: [c.everywhere(externalLocal), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.pod, c.balancer, reaches([c.near, c.far])),
      c.dial(c.pod, c.externalIP, reaches([c.near, c.far])),
      c.dial(c.pod, c.node, reaches([c.near, c.far]), NODE_PORT),
      c.dial(c.node, c.balancer, masqueraded([c.near, c.far])),
      c.dial(c.node, c.node, masqueraded([c.near, c.far]), NODE_PORT),
      c.dial(c.near.addresses[0], c.balancer, hairpin([c.near, c.far])),
    ],
  })),
  row('externalTrafficPolicy Local without an endpoint here: the outside is dropped, the cluster goes on', (c) => ({
    objects: [c.everywhere(externalLocal), c.slice([c.far])],
    packets: [
      c.dial(c.outside, c.node, dropped, NODE_PORT),
      c.dial(c.outside, c.externalIP, dropped),
      c.dial(c.outside, c.balancer, dropped),
      c.dial(c.pod, c.node, reaches([c.far]), NODE_PORT),
      c.dial(c.pod, c.balancer, reaches([c.far])),
      c.dial(c.node, c.balancer, masqueraded([c.far])),
      c.dial(c.pod, c.clusterIP, reaches([c.far])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.far])),
    ],
  })),
  row('externalTrafficPolicy Local without any endpoint: refused', (c) => ({
    objects: [c.everywhere(externalLocal)],
    packets: [
      c.dial(c.outside, c.node, rejected, NODE_PORT),
      c.dial(c.pod, c.balancer, rejected),
      c.dial(c.node, c.externalIP, rejected),
    ],
  })),
  row('externalTrafficPolicy Local without a clusterCIDR: pods are outside', (c) => ({
    settings: { clusterCIDRs: [] },
    objects: [c.everywhere(externalLocal), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.pod, c.balancer, reaches([c.near])),
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.node, c.balancer, masqueraded([c.near, c.far])),
    ],
  })),
  row('externalTrafficPolicy Local with masqueradeAll: only cluster IPs are masqueraded', (c) => ({
    settings: { masqueradeAll: true },
    objects: [c.everywhere(externalLocal), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.pod, c.balancer, reaches([c.near, c.far])),
      c.dial(c.pod, c.clusterIP, masqueraded([c.near, c.far])),
    ],
  })),
  row('both policies Local: inside and outside keep to this node, short circuits do not', (c) => ({
    objects: [c.everywhere({ ...externalLocal, internalTrafficPolicy: 'Local' }), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near])),
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.pod, c.balancer, reaches([c.near, c.far])),
    ],
  })),
  row('both policies Local without an endpoint here', (c) => ({
    objects: [c.everywhere({ ...externalLocal, internalTrafficPolicy: 'Local' }), c.slice([c.far])],
    packets: [
      c.dial(c.pod, c.clusterIP, dropped),
      c.dial(c.outside, c.balancer, dropped),
      c.dial(c.pod, c.balancer, reaches([c.far])),
      c.dial(c.node, c.node, masqueraded([c.far]), NODE_PORT),
    ],
  })),
  row('externalTrafficPolicy Local keeps source ranges', (c) => ({
    objects: [c.everywhere({ ...externalLocal, loadBalancerSourceRanges: [c.outsideRange] }), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.pod, c.balancer, dropped),
      c.dial(c.outside, c.node, reaches([c.near]), NODE_PORT),
    ],
  })),
  row('an endpoint that names no node is nobody’s own', (c) => ({
    objects: [c.service({ internalTrafficPolicy: 'Local' }), c.slice([withoutNode(c.near)])],
    packets: [c.dial(c.pod, c.clusterIP, dropped)],
  })),
]
