import { expect, test } from 'vitest'
import { makeCluster } from '../../cluster.ts'
import { arrivalsOf, countOf, flowsOf, nodeObservations } from './arrivals.ts'

const balancer = '192.168.77.101'
const labels = { app: 'server' }
const { nodes, pods } = makeCluster('arrivals', 2, [
  { namespace: 'default', name: 'pod-0', labels, ports: [], node: 'node-0' },
  { namespace: 'default', name: 'pod-1', labels, ports: [], node: 'node-1' },
])
const [first, second] = pods
if (first === undefined || second === undefined) throw new Error('two pods')

/** node-0 sent 3 to its own pod and 4 to the other; node-1 sent 5 to its own. */
const arrived = arrivalsOf(
  [
    { pod: first, peers: { '10.244.0.1': 3 } },
    { pod: second, peers: { '192.168.77.10': 4, '10.244.1.1': 5 } },
  ],
  balancer,
  nodes,
)

test('second hops are those that another node sent', () => {
  expect(countOf(arrived, ({ hops }) => hops === 2)).toBe(4)
  expect(countOf(arrived, () => true)).toBe(12)
})

test('each node with what it sent, and its odds', () => {
  const odds = new Map([
    [
      'node-0',
      new Map([
        ['default/pod-0', 0.5],
        ['default/pod-1', 0.5],
      ]),
    ],
    ['node-1', new Map([['default/pod-1', 1]])],
  ])
  expect(nodeObservations(arrived, pods, odds)).toEqual([
    { node: 'node-0', counts: [3, 4], odds: [0.5, 0.5] },
    { node: 'node-1', counts: [0, 5], odds: [0, 1] },
  ])
})

test('to the rules the balancer is the client of all', () => {
  const flows = flowsOf(arrived, balancer)
  expect(flows).toHaveLength(12)
  expect(new Set(flows.map(({ client }) => client))).toEqual(new Set([balancer]))
  expect(flows.filter(({ node, backend }) => node === 'node-0' && backend === 'pod-1')).toHaveLength(4)
})
