import { expect, test } from 'vitest'
import type { BackendCounter } from '../../dataplane/plane.ts'
import type { Frontend } from '../../model/frontend.ts'
import { BackendConnections } from './backend-series.ts'
import { backendText } from './backend-text.ts'

const frontend = (service: string, last: number, weights: readonly number[]): Frontend => {
  const backends = weights.map((weight, index) => ({
    address: `10.1.${last}.${index}`,
    port: 8080,
    weight,
    pod: `${service}-${index}`,
    node: 'node-a',
  }))
  const to = { to: 'backends', set: 'cluster', masquerade: false } as const
  return {
    key: `10.96.0.${last}:80/TCP`,
    kind: 'ClusterIP',
    family: 'IPv4',
    service,
    portName: 'http',
    sets: { cluster: { backends }, local: null },
    routes: { pods: to, node: to, outside: to },
  } as unknown as Frontend
}
const count = (last: number, index: number, connections: number): BackendCounter => ({
  frontend: `10.96.0.${last}:80/TCP`,
  address: `10.1.${last}.${index}`,
  port: 8080,
  connections,
})
const plan = (...frontends: readonly Frontend[]) => new Map(frontends.map((one) => [one.key, one]))

test('each backend beside what its weight asks for, from one reading to the next', () => {
  const connections = new BackendConnections(100)
  const frontends = plan(frontend('shop/web', 1, [3, 1]))
  const expected = (counts: readonly number[]): readonly (number | null)[] =>
    connections
      .read(
        counts.map((n, index) => count(1, index, n)),
        frontends,
      )
      .series.map((one) => one.expected)
  expect(expected([4, 4])).toEqual([6, 2])
  expect(expected([8, 4])).toEqual([9, 3])
  // the counter of the first began again
  expect(expected([4, 4])).toEqual([12, 4])
})

test('over the limit the Services with the most connections stay, whole', () => {
  const connections = new BackendConnections(5)
  const frontends = plan(frontend('shop/a', 1, [1, 1]), frontend('shop/b', 2, [1, 1]), frontend('shop/c', 3, [1]))
  const { series, dropped } = connections.read([count(1, 0, 5), count(2, 0, 9), count(3, 0, 1)], frontends)
  expect(series.map((one) => one.frontend.service)).toEqual(['shop/b', 'shop/b'])
  expect(dropped).toEqual({ services: 2, series: 6 })
})

test('what nobody dialled, and backends that are gone, are not told', () => {
  const connections = new BackendConnections(100)
  const frontends = plan(frontend('shop/a', 1, [1]), frontend('shop/b', 2, [1]))
  const { series } = connections.read([count(1, 0, 0), count(2, 0, 1), count(2, 9, 7), count(4, 0, 1)], frontends)
  expect(series.map(({ backend }) => backend)).toEqual(['10.1.2.0:8080'])
})

test('labels are escaped', () => {
  const connections = new BackendConnections(100)
  const one = { ...frontend('shop/a', 1, [1]), portName: 'a"\\\n' }
  const text = backendText(connections.read([count(1, 0, 1)], plan(one)))
  expect(text).toContain('port="a\\"\\\\\\n",')
})
