import { expect, test } from 'vitest'
import { someNode } from '../../test/support/frontends.ts'
import { planeNames } from '../dataplane/registry.ts'
import type { NodeView } from '../model/node-view.ts'
import { rehearse } from './rehearsal.ts'

test.each<[string, Partial<NodeView>]>([
  ['in kube-proxy’s place', {}],
  ['beside kube-proxy', { proxyName: 'evenkeel' }],
  ['without IPv4', { families: ['IPv6'], addresses: ['2001:db8::1'], clusterCIDRs: ['fd00::/64'], serviceCIDRs: [] }],
])('a Service is planned and put in force %s, by each plane', async (_, node) => {
  for (const plane of planeNames) expect(await rehearse(plane, { ...someNode, ...node })).toBe(2)
})
