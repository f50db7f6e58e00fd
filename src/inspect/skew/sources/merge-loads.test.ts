import { expect, test } from 'vitest'
import { readCsv } from './csv.ts'
import { mergeLoads } from './merge-loads.ts'
import { observeTables } from './table-observation.ts'
import type { Row } from './rows.ts'

const read = (...tables: readonly string[]): readonly Row[] =>
  mergeLoads(tables.flatMap((text, i) => readCsv(text, `${i + 1}.csv`).rows))

test('CPU of one table and connections of another are of one pod', () => {
  const rows = read('pod,cpu\na,977m\nb,585m\n', 'pod,connections\na,5\nb,3\n')
  expect(rows.map((row) => (row.kind === 'load' ? [row.backend, row.values] : row))).toEqual([
    ['a', { cpu: 977, connections: 5 }],
    ['b', { cpu: 585, connections: 3 }],
  ])
  const [{ observation } = { observation: null }] = observeTables(rows, 'cpu')
  expect(observation?.backends).toMatchObject([
    { name: 'a', count: 977, connections: 5 },
    { name: 'b', count: 585, connections: 3 },
  ])
})

test('how many connections there were is known of all pods or not used', () => {
  const [one] = observeTables(read('pod,cpu\na,977\nb,585\n', 'pod,connections\na,5\n'), 'cpu')
  expect(one?.observation.backends.map((backend) => backend.connections)).toEqual([undefined, undefined])
})

test('the same of one pod twice is a contradiction; of two nodes, or two Services, it is not', () => {
  expect(() => read('pod,cpu\na,977\n', 'pod,cpu,connections\nb,1,1\na,2,3\n')).toThrow(
    '2.csv:3: a is there twice (see 1.csv:2): which count is right?',
  )
  expect(read('pod,node,count\na,n1,5\na,n2,6\n', 'service,pod,count\nshop/web,a,7\n')).toHaveLength(3)
})

test('a name without its namespace is the pod of the only namespace that has one', () => {
  const rows = read('pod,cpu\nweb-0,977m\n', 'pod,connections\nshop/web-0,5\n')
  expect(rows).toMatchObject([{ backend: 'shop/web-0', values: { cpu: 977, connections: 5 } }])
  const both = read('pod,cpu\nweb-0,977m\n', 'pod,connections\nshop/web-0,5\nlab/web-0,5\n')
  expect(both.map(({ backend }) => backend)).toEqual(['web-0', 'shop/web-0', 'lab/web-0'])
})
