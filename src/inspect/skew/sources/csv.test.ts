import { describe, expect, test } from 'vitest'
import { isCsv, readCsv } from './csv.ts'

const read = (text: string): ReturnType<typeof readCsv> => readCsv(text, 'counts.csv')

describe('tables', () => {
  test.each<[string, string]>([
    ['commas', 'pod,count\nweb-1,38\nweb-2,35\n'],
    ['semicolons, quotes, spaces, Windows', '"pod"; Count\r\n"web-1"; 38\r\nweb-2;35\r\n'],
    ['tabs, comments and empty lines', '# today\nname\tconnections\n\nweb-1\t38\n# more\nweb-2\t35'],
    ['no header', 'web-1,38\nweb-2,35\n'],
    ['a byte order mark', '\uFEFFbackend,conns\nweb-1,38\nweb-2,35\n'],
  ])('%s', (_, text) => {
    const { rows, warnings } = read(text)
    expect(rows.map((row) => (row.kind === 'load' ? [row.backend, row.values] : row))).toEqual([
      ['web-1', { connections: 38 }],
      ['web-2', { connections: 35 }],
    ])
    expect(warnings).toEqual([])
  })

  test('connections with their times', () => {
    const { rows } = read(
      'client,pod,opened,closed at,bytes,protocol\n10.0.0.1,web-1,2026-03-01T12:00:00Z,,512,tcp\n10.0.0.2,web-1,100,160.5,,\n',
    )
    expect(rows).toEqual([
      expect.objectContaining({ client: '10.0.0.1', openedAt: 1772366400, bytes: 512, protocol: 'TCP' }),
      expect.objectContaining({ client: '10.0.0.2', openedAt: 100, closedAt: 160.5 }),
    ])
    expect(rows[1]).not.toHaveProperty('bytes')
  })

  test('of what kind connections are', () => {
    const { rows } = read(
      'client,pod,protocol,direct,cpu\n10.0.0.1,web-1,h2,no,5\n10.0.0.2,web-1,HTTP/1.1,yes,7\n10.0.0.3,web-1,tcp,,1\n',
    )
    expect(rows).toMatchObject([
      { http2: true, bypassed: false, cpu: 5 },
      { http2: false, bypassed: true, cpu: 7 },
      { protocol: 'TCP', cpu: 1 },
    ])
    expect(() => read('client,pod,http2\n10.0.0.1,web-1,perhaps\n')).toThrow(
      'counts.csv:2: http2: must be true or false',
    )
  })

  test.each<[string, string, string]>([
    ['a negative count', 'pod,count\nweb-1,38\nweb-2,-1\n', 'counts.csv:3: connections: must not be negative: -1'],
    ['half a connection', 'pod,count\nweb-1,1.5\n', 'counts.csv:2: connections: must be a whole number of connections'],
    ['no number', 'pod,count\nweb-1,many\n', 'counts.csv:2: connections: must be a number, not "many"'],
    ['an enormous count', 'pod,count\nweb-1,1e300\n', 'counts.csv:2: connections: is more than 2⁵³ − 1'],
    ['no count', 'pod,count\nweb-1,\n', 'counts.csv:2: has no count'],
    ['no backend', 'pod,count\n,3\n', 'counts.csv:2: names no backend'],
    ['no column of backends', 'count,bytes\n1,2\n', 'counts.csv:1: has no column of backends'],
    ['two columns of backends', 'pod,name,count\na,b,1\n', 'counts.csv:1: has two columns of backend'],
    ['a header alone', 'pod,count\n', 'counts.csv: has a header, but no counts'],
    ['a line that is too short', 'pod,node,count\nweb-1,3\n', 'counts.csv: is no table'],
    ['a quote that does not close', 'pod,count\n"web-1,3\n', 'counts.csv: is no table'],
    ['no client', 'pod,client\nweb-1,\n', 'counts.csv:2: names no client'],
    [
      'an end before the beginning',
      'pod,client,opened,closed\nweb-1,a,9,3\n',
      'counts.csv:2: closedAt: is 3, before openedAt, 9',
    ],
    [
      'a name that paints',
      'pod,count\nweb-\u001b[31m,3\n',
      'counts.csv:2: backend: has control characters: "web-\\u001b[31m"',
    ],
    [
      'a name that turns',
      'pod,count\nweb-\u202e1,3\n',
      'counts.csv:2: backend: has control characters: "web-\\u202e1"',
    ],
    ['no time', 'pod,client,opened\nweb-1,a,soon\n', 'counts.csv:2: openedAt: must be a time'],
  ])('%s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(message)
  })

  test('CPU as Kubernetes writes it makes numbers without a unit cores', () => {
    const cpu = (text: string): readonly unknown[] =>
      read(text).rows.map((row) => (row.kind === 'load' ? row.values.cpu : row))
    expect(cpu('pod,cpu\nweb-1,20m\nweb-2,1\nweb-3,500000n\n')).toEqual([20, 1000, 0.5])
    expect(cpu('pod,cpu\nweb-1,20\nweb-2,1\n')).toEqual([20, 1])
  })

  test.each<[boolean, string]>([
    [true, 'pod,count'],
    [true, 'web-1,38'],
    [false, 'hello, world'],
    [false, 'pod'],
    [false, '*nat'],
  ])('isCsv %s: %s', (expected, text) => {
    expect(isCsv(`${text}\n`)).toBe(expected)
  })
})
