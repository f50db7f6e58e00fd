import { expect, test } from 'vitest'
import { frontend } from '../../test/support/frontends.ts'
import { lostFlows } from './lost-flows.ts'

test('unanswered flows to the address, of the frontend’s protocol; none of a node port', () => {
  const web = { ...frontend(1, [1]), address: '10.96.0.1', port: 80 }
  const ports = [
    { ...web, protocol: 'TCP' as const },
    { ...web, protocol: 'SCTP' as const, address: 'fd96::1' },
    { ...web, protocol: 'TCP' as const, address: null, port: 30_080 },
  ]
  expect(lostFlows(ports)).toEqual([
    { protocol: 'TCP', address: '10.96.0.1', port: 80, backend: 'unanswered' },
    { protocol: 'SCTP', address: 'fd96::1', port: 80, backend: 'unanswered' },
  ])
})
