import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import type { Snapshot } from '../../src/model/snapshot.ts'
import { clusterIP } from '../../src/lab/scale/objects.ts'

/** Service and slice that are told last at each turn: whoever has both has all that came before, for each kind has a stream of its own. */
export const markerObjects = (turn: number): readonly RawObject[] => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'soak', name: 'marker' },
    spec: { clusterIP: MARKER_IP, ports: [{ name: 'turn', protocol: 'TCP', port: portOf(turn) }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'soak', name: 'marker-four', labels: { 'kubernetes.io/service-name': 'marker' } },
    addressType: 'IPv4',
    ports: [{ name: 'turn', protocol: 'TCP', port: portOf(turn) }],
    endpoints: [{ addresses: ['10.254.0.1'], conditions: { ready: true } }],
  },
]

export const hasTurn = (snapshot: Snapshot, turn: number): boolean =>
  snapshot.service('soak/marker')?.ports[0]?.port === portOf(turn) &&
  snapshot.slicesOf('soak/marker')[0]?.ports[0]?.port === portOf(turn)

const MARKER_IP = clusterIP(500_000)
const portOf = (turn: number): number => 1 + (turn % 60_000)
