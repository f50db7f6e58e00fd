import { expect, test } from 'vitest'
import { makeCluster } from '../../cluster.ts'
import { arrivalOf } from './hops.ts'

const balancer = '192.168.77.101'
const { nodes } = makeCluster('hops', 2, [])

test.each([
  ['kept: straight to the pod’s node', balancer, { entry: 'node-0', hops: 1, source: 'balancer' }],
  ['masqueraded by its own node', '10.244.0.1', { entry: 'node-0', hops: 1, source: 'own node' }],
  ['masqueraded by another node', '192.168.77.11', { entry: 'node-1', hops: 2, source: 'other node' }],
  ['whoever that is', '203.0.113.1', { entry: null, hops: 1, source: 'somebody else' }],
])('%s', (_, peer, arrival) => {
  expect(arrivalOf(peer, { node: 'node-0' }, balancer, nodes)).toEqual(arrival)
})
