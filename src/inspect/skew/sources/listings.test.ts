import { expect, test } from 'vitest'
import { cutDump } from '../../dumps/cutting/cut.ts'
import type { ReadRows } from './rows.ts'
import { readSs } from './ss.ts'
import { readTop } from './top.ts'

const read = (reader: typeof readSs, text: string): ReadRows => {
  const [part] = cutDump({ name: 'node.txt', text }).parts
  if (part === undefined) throw new Error('no part')
  return reader(part)
}

test('kubectl top pods of all namespaces, in every unit of CPU', () => {
  const { rows, warnings } = read(
    readTop,
    `NAMESPACE     NAME    CPU(cores)   MEMORY(bytes)
shop          web-1   12m          40Mi
shop          web-2   2            1Gi
kube-system   web-1   250000n      8Mi
`,
  )
  expect(rows.map((row) => (row.kind === 'load' ? [row.backend, row.values.cpu, row.where] : []))).toEqual([
    ['shop/web-1', 12, 'node.txt:2'],
    ['shop/web-2', 2000, 'node.txt:3'],
    ['kube-system/web-1', 0.25, 'node.txt:4'],
  ])
  expect(warnings).toEqual([])
})

test('a pod that is there twice is a contradiction', () => {
  const text = 'NAME    CPU(cores)   MEMORY(bytes)\nweb-1   12m          40Mi\nweb-1   13m          40Mi\n'
  expect(() => read(readTop, text)).toThrow('node.txt:3: web-1 is there twice (see node.txt:2)')
})

test.each<[string, string, readonly (readonly [string, number])[]]>([
  [
    '--no-headers',
    'web-1   12m   40Mi\nweb-2   13m   41Mi\n',
    [
      ['web-1', 12],
      ['web-2', 13],
    ],
  ],
  [
    '-A --containers --no-headers',
    'shop   web-1   app   12m   40Mi\nshop   web-1   proxy   3m   9Mi\n',
    [['shop/web-1', 15]],
  ],
  [
    '--sum',
    'NAME    CPU(cores)   MEMORY(bytes)\nweb-1   12m          40Mi\n        ________     ________\n        12m          40Mi\n',
    [['web-1', 12]],
  ],
  [
    '--show-swap',
    'NAME    CPU(cores)   MEMORY(bytes)   SWAP(bytes)\nweb-1   12m          40Mi            0Mi\nweb-2   13m          1Gi             <unknown>\n',
    [
      ['web-1', 12],
      ['web-2', 13],
    ],
  ],
])('kubectl top pods %s', (_, text, pods) => {
  const { rows, warnings } = read(readTop, text)
  expect(rows.map((row) => (row.kind === 'load' ? [row.backend, row.values.cpu] : []))).toEqual(pods)
  expect(warnings).toEqual([])
})

test('kubectl top pods: a pod without a figure is told, those behind it count', () => {
  const text = 'NAME    CPU(cores)   MEMORY(bytes)\nweb-1   <unknown>    40Mi\nweb-2   13m          40Mi\n'
  const { rows, warnings } = read(readTop, text)
  expect(rows.map(({ backend }) => backend)).toEqual(['web-2'])
  expect(warnings).toEqual(['node.txt:2: is no line of kubectl top pods: "web-1   <unknown>    40Mi"'])
})

test('kubectl top pods without a header: two names before the CPU may be either', () => {
  expect(() => read(readTop, 'shop   web-1   12m   40Mi\n')).toThrow('node.txt:1: without its header nobody knows')
})

const row = (state: string, local: string, peer: string): string => `${state}  0      0      ${local}     ${peer}\n`

test('ss: connections of ports that are listened to, not those that the pod opened itself', () => {
  const { rows } = read(
    readSs,
    `State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n${[
      row('LISTEN', '*:8080', '*:*'),
      row('ESTAB', '[::ffff:10.1.0.4]:8080', '[::ffff:10.1.0.9]:40000'),
      row('ESTAB', '10.1.0.4:41000', '10.96.0.1:443'),
      row('TIME-WAIT', '10.1.0.4:8080', '10.1.0.8:40001'),
    ].join('')}`,
  )
  expect(rows).toEqual([
    expect.objectContaining({ backend: '10.1.0.4:8080', client: '10.1.0.9', protocol: 'TCP', where: 'node.txt:3' }),
    expect.objectContaining({ backend: '10.1.0.4:8080', client: '10.1.0.8', where: 'node.txt:5' }),
  ])
})

test('ss -i tells bytes; without listeners an ephemeral port is a client’s', () => {
  const { rows } = read(
    readSs,
    `${row('ESTAB', '[fd00::4]:8443', '[fd00::9]:50000')}\t cubic bytes_sent:100 bytes_acked:90 bytes_received:11\n${row('ESTAB', '[fd00::4]:50001', '[fd00::9]:443')}`,
  )
  expect(rows).toEqual([expect.objectContaining({ backend: '[fd00::4]:8443', client: 'fd00::9', bytes: 111 })])
})

test('ss: what is no socket is told', () => {
  const { rows, warnings } = read(
    readSs,
    `${row('ESTAB', '10.0.0.1:80', '10.0.0.2:1')}ESTAB  0      0      nonsense:80     x:y\n`,
  )
  expect(rows).toHaveLength(1)
  expect(warnings).toEqual(['node.txt:2: is no socket: "ESTAB  0      0      nonsense:80     x:y"'])
})
