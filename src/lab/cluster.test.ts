import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalAddress, inCidr } from '../model/address.ts'
import { addPods, families, makeCluster, netnsOf, type PodSpec } from './cluster.ts'
import { spread } from './measure.ts'
import { netnsOfAll } from './topology.ts'

const pod = (name: string, change: Partial<PodSpec> = {}): PodSpec => ({
  namespace: 'default',
  name,
  labels: {},
  ports: [],
  ...change,
})

describe('a cluster', () => {
  it('spreads pods over its nodes', () => {
    const { pods } = makeCluster('x', 2, [pod('a'), pod('b'), pod('c', { node: 'node-1' }), pod('d')])
    expect(pods.map(({ node }) => node)).toEqual(['node-0', 'node-1', 'node-1', 'node-0'])
  })

  it('gives every place its own namespace and canonical address, inside its node’s CIDR', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 60 }), (nodes, count) => {
        const cluster = makeCluster(
          'x',
          nodes,
          Array.from({ length: count }, (_, i) => pod(`pod-${i}`)),
        )
        const places = [...cluster.nodes, ...cluster.pods, cluster.client]
        for (const family of families) {
          const addresses = places.map(({ addresses }) => addresses[family])
          expect(new Set(addresses).size).toBe(addresses.length)
          expect(addresses.map(canonicalAddress)).toEqual(addresses)
          for (const { addresses, node } of cluster.pods)
            expect(
              inCidr(addresses[family], cluster.nodes.find(({ name }) => name === node)?.podCIDRs[family] ?? ''),
            ).toBe(true)
        }
        const names = netnsOfAll(cluster)
        expect(new Set(names).size).toBe(names.length)
      }),
      { numRuns: 30 },
    )
  })

  it('finds places by name', () => {
    const cluster = makeCluster('x', 1, [pod('pod-0'), pod('web', { namespace: 'shop' })])
    expect(netnsOf(cluster, 'pod-0')).toBe('evenkeel-lab-x-pod-0')
    expect(netnsOf(cluster, 'shop/web')).toBe('evenkeel-lab-x-pod-shop.web')
    expect(netnsOf(cluster, 'client')).toBe('evenkeel-lab-x-client')
    expect(netnsOf(cluster, 'node-0')).toBe('evenkeel-lab-x-node-0')
    expect(netnsOf(cluster, 'node-7')).toBeUndefined()
  })

  it('keeps namespaces of pods apart whose names would make the same', () => {
    const { pods } = makeCluster('x', 1, [pod('pod-a'), pod('a')])
    expect(new Set(pods.map(({ netns }) => netns)).size).toBe(2)
  })

  it.each([
    ['an id with a dash, which could begin like another’s', () => makeCluster('a-b', 1, [])],
    ['an empty id', () => makeCluster('', 1, [])],
    ['no node', () => makeCluster('x', 0, [])],
    ['two pods of one name', () => makeCluster('x', 1, [pod('a'), pod('a')])],
    ['an unknown node', () => makeCluster('x', 1, [pod('a', { node: 'node-1' })])],
    [
      'more pods than a node takes',
      () =>
        addPods(
          makeCluster('x', 1, []),
          Array.from({ length: 201 }, (_, i) => pod(`p${i}`)),
        ),
    ],
  ])('refuses %s', (_, make) => {
    expect(make).toThrow(RangeError)
  })
})

describe('spread', () => {
  it('is as equal as it goes and loses none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(2000), fc.nat(), (ways, connections, seed) => {
        const counts = spread(ways, connections, seed)
        expect(counts.reduce((a, b) => a + b, 0)).toBe(connections)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        expect(spread(ways, connections, seed)).toEqual(counts)
      }),
    )
  })
})
