import { expect, test } from 'vitest'
import { follow } from '../../test/support/planner.ts'
import { endpoint, port, service, slice } from '../../test/support/services.ts'
import type { Service, ServicePort } from '../model/objects.ts'

const dns = (more: Partial<Service> = {}) =>
  service({ ports: [port({ protocol: 'UDP', port: 53, nodePort: 30053 })], ...more })
const udp = { ports: [{ name: 'http', protocol: 'UDP', port: 5353 } as const] }
const flow = (address: string | null, dialled: number, backend: string | null) => ({
  protocol: 'UDP',
  address,
  port: dialled,
  backend: backend === null ? null : { address: backend, port: 5353 },
})
const begin = (...addresses: readonly string[]) => {
  const followed = follow()
  followed.put(dns())
  followed.putSlice(
    slice(
      addresses.map((address) => endpoint(address)),
      udp,
    ),
  )
  expect(followed.start().staleFlows).toEqual([])
  return followed
}

test('an endpoint that is gone', () => {
  const { putSlice, last } = begin('10.0.2.1', '10.0.2.2')
  putSlice(slice([endpoint('10.0.2.2')], udp))
  expect(last().staleFlows).toEqual([flow('172.30.0.41', 53, '10.0.2.1'), flow(null, 30053, '10.0.2.1')])
})

test('the last endpoint too', () => {
  const { putSlice, last } = begin('10.0.2.1')
  putSlice(slice([], udp))
  expect(last().staleFlows).toContainEqual(flow('172.30.0.41', 53, '10.0.2.1'))
})

test('an endpoint that is not ready but serves keeps its flows; one that no longer serves does not', () => {
  const { putSlice, last } = begin('10.0.2.1', '10.0.2.2')
  putSlice(slice([endpoint('10.0.2.1', { ready: false, terminating: true }), endpoint('10.0.2.2')], udp))
  expect(last().staleFlows).toEqual([])
  putSlice(
    slice([endpoint('10.0.2.1', { ready: false, serving: false, terminating: true }), endpoint('10.0.2.2')], udp),
  )
  expect(last().staleFlows).toContainEqual(flow('172.30.0.41', 53, '10.0.2.1'))
})

test('traffic policy and hints make nothing stale', () => {
  const { put, last } = begin('10.0.2.1')
  put(dns({ internalTrafficPolicy: 'Local' }))
  expect(last().staleFlows).toEqual([])
})

test('the first endpoint: flows from the time when there was none', () => {
  const { putSlice, last } = begin()
  putSlice(slice([endpoint('10.0.2.1')], udp))
  expect(last().staleFlows).toEqual([flow('172.30.0.41', 53, null), flow(null, 30053, null)])
})

test('the Service is gone', () => {
  const { remove, last } = begin('10.0.2.1')
  remove('Service shop/web')
  expect(last().staleFlows).toContainEqual(flow('172.30.0.41', 53, '10.0.2.1'))
})

test('TCP flows end by themselves', () => {
  const { put, putSlice, start, last } = follow()
  put(service())
  putSlice(slice([endpoint('10.0.2.1')]))
  start()
  putSlice(slice([]))
  expect(last().staleFlows).toEqual([])
})

test('of several ports only the one whose endpoint is gone', () => {
  const { put, putSlice, start, last } = follow()
  const [dns, other] = ['dns', 'other'].map((name, i) => port({ name, protocol: 'UDP', port: 53 + i })) as [
    ServicePort,
    ServicePort,
  ]
  put(service({ ports: [dns, other, port({ name: 'dns-tcp', port: 53 })] }))
  putSlice(slice([endpoint('10.0.2.1')], { ports: [{ name: 'dns', protocol: 'UDP', port: 5353 }] }))
  putSlice(slice([endpoint('10.0.2.1')], { name: 'web-2', ports: [{ name: 'other', protocol: 'UDP', port: 5354 }] }))
  start()
  putSlice(slice([], { ports: [{ name: 'dns', protocol: 'UDP', port: 5353 }] }))
  expect(last().staleFlows).toEqual([flow('172.30.0.41', 53, '10.0.2.1')])
})

test('a Service that comes later: flows from the time when there was none', () => {
  const { put, putSlice, start, last } = follow()
  putSlice(slice([endpoint('10.0.2.1')], udp))
  start()
  put(dns())
  expect(last().staleFlows).toEqual([flow('172.30.0.41', 53, null), flow(null, 30053, null)])
})
