import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isOurJson, readJson } from './json.ts'

const read = (value: unknown, unit?: 'connections' | 'bytes'): ReturnType<typeof readJson> =>
  readJson(JSON.stringify(value, null, 2), 'x.json', unit)

describe('shapes', () => {
  test('an observation with nodes, connections and facts', () => {
    const observation = {
      service: 'shop/web',
      unit: 'connections',
      backends: [
        {
          name: 'web-1',
          count: 2,
          address: '10.0.0.1',
          node: 'a',
          zone: 'z',
          startedAt: 5,
          ready: true,
          expectedOdds: 1,
        },
        { name: 'web-2', count: 1, terminating: true, expectedOdds: 0.5, weight: 3 },
      ],
      nodes: [{ node: 'a', counts: [2, 1], odds: [2, 1], scheduler: 'rr' }],
      flows: [{ client: 'c', backend: 'web-1', openedAt: 1, closedAt: null, protocol: 'TCP', http2: true }],
      facts: { affinity: 'ClientIP', at: 9, bypassed: [0, 1], sharedAddresses: ['10.0.0.9'] },
    }
    expect(read(observation)).toEqual({ observations: [observation], rows: [], agents: [], warnings: [] })
  })

  test('several, as a list or under `services`', () => {
    const one = { backends: [{ name: 'a', count: 1 }] }
    const plain = { ...one, service: null, unit: 'connections', facts: {} }
    expect(read([one, one]).observations).toEqual([plain, plain])
    expect(read({ services: [one] }).observations).toEqual([plain])
  })

  test('what is not known is told; connections to others are left out', () => {
    const { observations, warnings } = read({
      backends: [{ name: 'a', count: 1, colour: 'red' }],
      flows: [{ client: 'c', backend: 'gone' }],
    })
    expect(observations[0]).not.toHaveProperty('flows')
    expect(warnings).toEqual([
      'x.json:6: backends[0].colour: is not known, and not used',
      'x.json:9: flows: 1 go to backends that are not listed, and are left out',
    ])
  })

  test('the example of docs/skew.md is one, and has every field', () => {
    const page = readFileSync(new URL('../../../../docs/skew.md', import.meta.url), 'utf8')
    const [, example = ''] = /```json\n([^`]+)```/.exec(page) ?? []
    const { observations, warnings } = readJson(example, 'skew.md', undefined)
    expect(warnings).toEqual([])
    expect(observations).toEqual([JSON.parse(example)])
  })

  test('pods and counts, each with its line', () => {
    const text = '{ "a": 1,\n\n"b{\\"": 2,\n"c": 3 }'
    const { rows } = readJson(text, 'x.json', undefined)
    expect(rows.map(({ backend, where }) => [backend, where])).toEqual([
      ['a', 'x.json:1'],
      ['b{"', 'x.json:3'],
      ['c', 'x.json:4'],
    ])
  })

  test('more connections than were counted are told', () => {
    const { warnings } = read({
      backends: [{ name: 'a', count: 1 }],
      flows: [
        { client: 'c', backend: 'a' },
        { client: 'd', backend: 'a', closedAt: null },
        { client: 'e', backend: 'a', closedAt: 3 },
      ],
    })
    expect(warnings).toEqual(['x.json:5: backends[0].count: is 1, but 2 of flows go to a: are both of one moment?'])
  })

  test('more than was counted that nodes counted is told, unless the count is of what is open', () => {
    const one = (counted: string): readonly string[] =>
      read({ backends: [{ name: 'a', count: 1 }], nodes: [{ node: 'n', counts: [2] }], facts: { counted } }).warnings
    expect(one('opened')).toEqual(['x.json:5: backends[0].count: is 1, but nodes counted 2: are both of one time?'])
    expect(one('open')).toEqual([])
  })

  test('a scheduler that nobody knows is told', () => {
    const { warnings } = read({
      backends: [{ name: 'a', count: 1 }],
      nodes: [
        { node: 'n', counts: [1], scheduler: 'rr' },
        { node: 'm', counts: [0], scheduler: 'robin' },
      ],
      facts: { scheduler: 'round' },
    })
    expect(warnings.map((text) => text.slice(0, 60))).toEqual([
      'x.json:25: facts.scheduler: "round" is none that is known: r',
      'x.json:21: nodes[1].scheduler: "robin" is none that is known',
    ])
  })

  test('counters of an agent', () => {
    const counter = { frontend: '10.96.0.1:80/TCP', address: '10.0.0.1', port: 80, connections: 7 }
    const { agents } = read({ node: 'n', planes: [{ plane: 'nftables', counters: { backends: [counter] } }] })
    expect(agents).toEqual([{ node: 'n', counters: [counter] }])
  })
})

describe('refused, with file, line and field', () => {
  const backend = { name: 'a', count: 1 }
  test.each<[string, unknown, string]>([
    ['no list of backends', { service: 'a/b' }, 'x.json:1: backends: is required'],
    ['no backends', { backends: [] }, 'x.json:2: backends: has no backends'],
    ['an empty list', [], 'x.json:1: is empty'],
    [
      'a negative count',
      { backends: [backend, { name: 'b', count: -1 }] },
      'x.json:9: backends[1].count: must not be negative: -1',
    ],
    ['a text for a count', { backends: [{ name: 'a', count: '7' }] }, 'backends[0].count: must be a number, not "7"'],
    [
      'a fraction',
      { backends: [{ name: 'a', count: 0.5 }] },
      'backends[0].count: must be a whole number of connections',
    ],
    ['an enormous count', { backends: [{ name: 'a', count: 1e17 }] }, 'backends[0].count: is more than 2⁵³ − 1'],
    ['a missing count', { backends: [{ name: 'a' }] }, 'backends[0].count: is required'],
    ['a pod twice', { backends: [backend, backend] }, 'backends: names a twice'],
    [
      'counts of other length',
      { backends: [backend], nodes: [{ node: 'n', counts: [1, 2] }] },
      'nodes[0].counts: has 2 values, but there are 1 backends',
    ],
    [
      'odds of other length',
      { backends: [backend], nodes: [{ node: 'n', counts: [1], odds: [] }] },
      'nodes[0].odds: has 0 values',
    ],
    ['bypassed of other length', { backends: [backend], facts: { bypassed: [] } }, 'facts.bypassed: has 0 values'],
    [
      'negative odds',
      { backends: [{ ...backend, expectedOdds: -1 }] },
      'backends[0].expectedOdds: must not be negative',
    ],
    ['no address', { backends: [{ ...backend, address: '10.0.0.256' }] }, 'backends[0].address: must be an IP address'],
    [
      'a strange protocol',
      { backends: [backend], flows: [{ client: 'c', backend: 'a', protocol: 'tcp' }] },
      'flows[0].protocol: must be TCP or UDP or SCTP',
    ],
    ['a strange unit', { unit: 'packets', backends: [backend] }, 'unit: must be connections or bytes'],
    ['a map of counts that are none', { 'web-1': 3, 'web-2': null }, 'x.json:3: web-2: must be a number'],
    ['a status without counters', { node: 'n', planes: [{}] }, 'planes[0].counters: is missing'],
    ['an empty map', {}, 'has no backends'],
    ['Services that are no list', { services: {} }, 'x.json:2: services: must be a list, not a map'],
    ['a status that has none', { planes: {} }, 'planes: must be a list, not a map'],
    ['half a connection', { client: 'c' }, 'backend: is required'],
    [
      'a connection that ends before it begins',
      { backends: [backend], flows: [{ client: 'c', backend: 'a', openedAt: 9, closedAt: 3 }] },
      'flows[0].closedAt: is 3, before openedAt, 9',
    ],
    [
      'a share for some',
      {
        backends: [
          { ...backend, expectedOdds: 1 },
          { name: 'b', count: 2 },
        ],
      },
      'backends: give a an expected share, but b none: all need one, or none',
    ],
    [
      'no share for any',
      { backends: [{ ...backend, expectedOdds: 0 }] },
      'backends: have expected shares that are all 0',
    ],
    [
      'a node that counted what it cannot choose',
      { backends: [backend], nodes: [{ node: 'n', counts: [1], odds: [0] }] },
      'nodes[0].odds: are all 0, but it has counted',
    ],
    [
      'connections behind some loads',
      {
        unit: 'bytes',
        backends: [
          { ...backend, connections: 1 },
          { name: 'b', count: 2 },
        ],
      },
      'backends: tell the connections behind some, but not of b: of all, or of none',
    ],
    [
      'enormous odds',
      { backends: [{ ...backend, expectedOdds: 1e308 }] },
      'backends[0].expectedOdds: must be at most 1e+100',
    ],
    ['a name that paints', { 'a\u001b[31m': 1 }, 'has control characters: "a\\u001b[31m"'],
  ])('%s', (_, value, message) => {
    expect(() => read(value)).toThrow(message)
  })

  test('all faults at once, up to twenty', () => {
    const backends = Array.from({ length: 30 }, (_, i) => ({ name: `b${i}`, count: -1 }))
    const run = (): unknown => read({ backends })
    expect(run).toThrow('backends[19].count')
    expect(run).toThrow('… and 10 more')
  })

  test('a pod that a map has twice, of which JSON.parse keeps one', () => {
    expect(() => readJson('{\n"a": 1,\n"b": 2,\n"a": 3}', 'x.json', undefined)).toThrow('names a twice')
  })

  test('a map of more pods than there can be, and a fault in each of many, in time', () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`pod-${i}`, i % 2 ? 1 : -1]))
    expect(() => read(many)).toThrow('x.json:2: pod-0: must not be negative: -1')
    expect(() => read(many)).toThrow('… and 49981 more')
  })

  test('another unit than --weight asks for', () => {
    expect(() => read({ unit: 'connections', backends: [backend] }, 'bytes')).toThrow(
      'unit: is connections, while --weight asks for bytes',
    )
  })

  test.each([
    ['{"a": 1', 'x.json:1: is not JSON'],
    ['{"client":"a","backend":"b"}\n{"client":"a",\n', 'x.json:2: is not JSON'],
  ])('%s', (text, message) => {
    expect(() => readJson(text, 'x.json', undefined)).toThrow(message)
  })
})

test.each<[boolean, string]>([
  [true, '{"backends":[]}'],
  [true, '[\n  {"service":"a"}]'],
  [false, '{"nftables": []}'],
  [false, '[{"ifindex":1}]'],
  [false, '{\n  "apiVersion": "v1"}'],
  [false, 'table ip nat {'],
])('isOurJson %s: %s', (expected, text) => {
  expect(isOurJson(text)).toBe(expected)
})
