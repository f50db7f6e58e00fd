import { dropped, forNodes, forZones, masqueraded, notReady, reaches, rejected, terminating } from './objects.ts'
import { row, type Row } from './row.ts'
import { NODE_PORT } from './topology.ts'

const externalLocal = { externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 }

/** Readiness, termination, duplicates and topology hints. */
export const endpointRows: readonly Row[] = [
  row('endpoints that are not ready get nothing', (c) => ({
    objects: [c.service(), c.slice([notReady(c.near), c.far])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far]))],
  })),
  row('nobody is ready: refused', (c) => ({
    objects: [c.everywhere(), c.slice([notReady(c.near), notReady(c.far)])],
    packets: [c.dial(c.pod, c.clusterIP, rejected), c.dial(c.outside, c.node, rejected, NODE_PORT)],
  })),
  row('conditions that are not set mean ready', (c) => ({
    objects: [c.service(), c.slice([{ ...c.near, conditions: {} }, c.far])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far]))],
  })),
  row('terminating endpoints get nothing while others are ready', (c) => ({
    objects: [c.everywhere(), c.slice([terminating(c.near), c.far])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far])), c.dial(c.outside, c.balancer, masqueraded([c.far]))],
  })),
  row('nobody is ready: endpoints that terminate but still serve are used', (c) => ({
    objects: [
      c.everywhere(),
      c.slice([terminating(c.near), terminating(c.far), terminating(c.far2, false), notReady(c.near2)]),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far])),
      c.dial(c.outside, c.node, masqueraded([c.near, c.far]), NODE_PORT),
    ],
  })),
  row('endpoints that terminate and no longer serve are no endpoints', (c) => ({
    objects: [c.service(), c.slice([terminating(c.near, false), terminating(c.far, false)])],
    packets: [c.dial(c.pod, c.clusterIP, rejected)],
  })),
  row('the fallback to terminating endpoints is asked for each policy on its own', (c) => ({
    objects: [c.everywhere(externalLocal), c.slice([terminating(c.near), c.far])],
    packets: [
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.pod, c.balancer, reaches([c.far])),
      c.dial(c.pod, c.clusterIP, reaches([c.far])),
      c.dial(c.node, c.balancer, masqueraded([c.far])),
    ],
  })),
  row('a ready endpoint here comes before a terminating one here', (c) => ({
    objects: [c.service({ internalTrafficPolicy: 'Local' }), c.slice([c.near, terminating(c.near2), c.far])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near]))],
  })),
  row('terminating endpoints elsewhere only: Local drops, the cluster goes on', (c) => ({
    objects: [c.everywhere(externalLocal), c.slice([terminating(c.far)])],
    packets: [
      c.dial(c.outside, c.balancer, dropped),
      c.dial(c.pod, c.balancer, reaches([c.far])),
      c.dial(c.pod, c.clusterIP, reaches([c.far])),
    ],
  })),
  row('an endpoint that is ready while it terminates (publishNotReadyAddresses) is ready', (c) => ({
    objects: [
      c.service(),
      c.slice([{ ...c.near, conditions: { ready: true, serving: true, terminating: true } }, notReady(c.far)]),
    ],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near]))],
  })),
  row('an endpoint in two slices counts once', (c) => ({
    objects: [c.service(), c.slice([c.near, c.far]), c.slice([c.far, c.far2], { name: 'web-2' })],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far, c.far2]))],
  })),
  row('of an endpoint’s two entries the running one counts, in either order', (c) => ({
    objects: [
      c.service(),
      c.slice([terminating(c.near), c.far, c.far2]),
      c.slice([c.near, terminating(c.far)], { name: 'web-2' }),
    ],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far, c.far2]))],
  })),
  row('zone hints keep traffic in the zone', (c) => ({
    objects: [c.everywhere(), c.slice([forZones(c.near, 'a'), forZones(c.far, 'a'), forZones(c.far2, 'b')])],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far])),
      c.dial(c.outside, c.node, masqueraded([c.near, c.far]), NODE_PORT),
    ],
  })),
  row('zone hints may name several zones, and a zone that is not the endpoint’s own', (c) => ({
    objects: [c.service(), c.slice([forZones(c.near, 'c'), forZones(c.far2, 'b', 'a')])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far2]))],
  })),
  row('one ready endpoint without a hint: hints are ignored', (c) => ({
    objects: [c.service(), c.slice([forZones(c.near, 'a'), c.far, forZones(c.far2, 'b')])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far, c.far2]))],
  })),
  row('an endpoint without a hint that is not ready does not matter', (c) => ({
    objects: [c.service(), c.slice([forZones(c.near, 'a'), notReady(c.far), forZones(c.far2, 'b')])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near]))],
  })),
  row('no hint for this zone: hints are ignored', (c) => ({
    objects: [c.service(), c.slice([forZones(c.near, 'b'), forZones(c.far, 'c')])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far]))],
  })),
  row('the endpoints hinted here are not ready: hints are ignored', (c) => ({
    objects: [c.service(), c.slice([forZones(notReady(c.near), 'a'), forZones(c.far2, 'b')])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far2]))],
  })),
  row('node hints come before zone hints', (c) => ({
    objects: [
      c.service(),
      c.slice([
        forNodes(forZones(c.near, 'a'), 'node-1'),
        forNodes(forZones(c.far, 'a'), 'node-2'),
        forNodes(forZones(c.far2, 'b'), 'node-3'),
      ]),
    ],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near]))],
  })),
  row('node hints for other nodes only: zone hints count', (c) => ({
    objects: [
      c.service(),
      c.slice([forNodes(forZones(c.far, 'a'), 'node-2'), forNodes(forZones(c.far2, 'b'), 'node-3')]),
    ],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far]))],
  })),
  row('hints do not count for policy Local', (c) => ({
    objects: [
      c.everywhere({ ...externalLocal, internalTrafficPolicy: 'Local' }),
      c.slice([forZones(c.near, 'b'), forZones(c.far, 'a')]),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near])),
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.pod, c.balancer, reaches([c.far])),
    ],
  })),
  row('hints do not count once traffic falls back to terminating endpoints', (c) => ({
    objects: [c.service(), c.slice([forZones(terminating(c.near), 'b'), forZones(terminating(c.far), 'a')])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far]))],
  })),
]
