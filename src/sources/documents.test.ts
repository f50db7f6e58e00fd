import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { documentsOf, isProblem, jsonLimit, yamlLimit } from './documents.ts'
import type { Path } from './faults.ts'

const read = (content: string | Buffer, file = 'x.yaml') => {
  const values: unknown[] = []
  const lines: string[] = []
  const problems: string[] = []
  for (const document of documentsOf(Buffer.from(content), file)) {
    if (isProblem(document)) problems.push(`${document.where} ${document.field}: ${document.message}`)
    else {
      values.push(document.value)
      lines.push(document.where([]))
    }
  }
  return { values, lines, problems }
}

describe('YAML', () => {
  it.each<[string, string, unknown[]]>([
    ['nothing', '', []],
    ['only white space and comments', '  \n# nothing\n\n', []],
    ['empty documents between others', '---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n', [{ a: 1 }, { b: 2 }]],
    ['a byte order mark', '\ufeffa: 1\n', [{ a: 1 }]],
    ['lines that end as on Windows', 'a: 1\r\nb:\r\n  - c\r\n---\r\nd: 2\r\n', [{ a: 1, b: ['c'] }, { d: 2 }]],
    ['yes, no and dates as strings', 'a: yes\nb: 2026-01-31\nc: 1_000\n', [{ a: 'yes', b: '2026-01-31', c: '1_000' }]],
    ['anchors', 'a: &x {b: 1}\nc: *x\n', [{ a: { b: 1 }, c: { b: 1 } }]],
    [
      'merge keys, the own keys first',
      'a: &x {b: 1, c: 2}\nd: &y {c: 3, e: 4}\nf: {<<: [*x, *y], b: 5}\n',
      [{ a: { b: 1, c: 2 }, d: { c: 3, e: 4 }, f: { b: 5, c: 2, e: 4 } }],
    ],
    ['numbers as keys', '1: a\ntrue: b\n', [{ '1': 'a', true: 'b' }]],
    ['JSON', '{"a": [1, 2]}', [{ a: [1, 2] }]],
    ['what begins like JSON and is not', '{a: 1}', [{ a: 1 }]],
  ])('%s', (_, text, values) => {
    expect(read(text)).toMatchObject({ values, problems: [] })
  })

  it('takes __proto__ for a key like others', () => {
    const [value] = read('__proto__: {kind: Service}\n').values
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as { kind?: string }).kind).toBeUndefined()
  })

  const laughs = `a: &a [x, x, x, x, x, x, x, x, x]\n${Array.from(
    { length: 9 },
    (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(', ')}]`,
  ).join('\n')}\n`

  it.each<[string, string | Buffer, string]>([
    ['a tab', 'a:\n\tb: 1\n', 'x.yaml:2 : is not YAML that can be read: Tabs are not allowed as indentation'],
    [
      'a list that does not end',
      'a: 1\nb: [1,\n',
      'x.yaml:3 : is not YAML that can be read: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 'x.yaml:3 : is not YAML that can be read: has the key "a" twice'],
    ['a map as key', '{a: 1}: 2\n', 'x.yaml:1 : is not YAML that can be read: has a key that is not a string'],
    ['no key', 'a:\n  : 2\n', 'x.yaml:2 : is not YAML that can be read: has a key that is not a string'],
    [
      'an alias of its own list',
      'a: 1\nb: &b [*b]\n',
      'x.yaml:2 : is not YAML that can be read: *b is an alias of a value that contains it',
    ],
    [
      'an alias of its own map by merging',
      '&a\n<<: *a\nb: 1\n',
      'x.yaml:2 : is not YAML that can be read: *a is an alias of a value that contains it',
    ],
    ['an alias of nothing', 'a: *b\n', 'x.yaml:1 : is not YAML that can be read: *b is an alias of nothing before it'],
    [
      'a thousand million laughs',
      laughs,
      'x.yaml:7 : is not YAML that can be read: has aliases that stand for more than 2000000 values',
    ],
    [
      'a merge of what is no map',
      'a: {<<: 1}\n',
      'x.yaml:1 : is not YAML that can be read: << must merge a map or a list of maps',
    ],
    [
      'more depth than any object has',
      `a: ${'['.repeat(300)}${']'.repeat(300)}`,
      'x.yaml:1 : is not YAML that can be read: is nested deeper than 200',
    ],
    [
      'as much depth as a line can hold',
      '['.repeat(50_000),
      'x.yaml:1 : is not YAML that can be read: is nested deeper than 200',
    ],
    ['nested maps as keys', '{'.repeat(20_000), 'x.yaml:1 : is not YAML that can be read: is nested deeper than 200'],
    [
      'bytes that are no text',
      Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]),
      'x.yaml:1 : is not text in UTF-8: save it as UTF-8',
    ],
    ['UTF-16', Buffer.from('\ufeffa: 1', 'utf16le'), 'x.yaml:1 : is not text in UTF-8: save it as UTF-8'],
    ['zeros, as after a crash', `a: 1\n${'\0'.repeat(100)}`, 'x.yaml:2 : is not text: it has a NUL character'],
    [
      'more than a reader should wait for',
      `a: ${'x'.repeat(yamlLimit)}`,
      'x.yaml:1 : is YAML larger than 2 MiB: split it, or write it as JSON',
    ],
  ])('refuses %s', (_, content, problem) => {
    const { values, problems } = read(content)
    expect({ values, problems }).toEqual({ values: [], problems: [expect.stringContaining(problem)] })
  })

  it('takes the documents around a broken one', () => {
    expect(read('a: 1\n---\nb: [\n---\nc: 3\n')).toMatchObject({
      values: [{ a: 1 }, { c: 3 }],
      lines: ['x.yaml:1', 'x.yaml:5'],
    })
  })

  it('tells thousands of keys apart in no time', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join('')
    expect(Object.keys(read(text).values[0] as object)).toHaveLength(20_000)
  })
})

describe('JSON', () => {
  it.each<[string, string, string]>([
    ['an end too soon', '{"a": [1,\n2', 'x.json:2 : is not JSON: '],
    ['YAML', 'a: 1\n', 'x.json:1 : is not JSON: '],
    ['a comma too many', '{\n"a": 1,\n}', 'x.json:3 : is not JSON: Expected double-quoted property name'],
    ['depth without end', '['.repeat(1e6), 'x.json:1 : is not JSON: '],
    [
      'a list that breaks off',
      '{"apiVersion": "v1", "kind": "List",\n"items": [\n{"a": 1},\n{"b": }]}',
      'x.json:4 : is not JSON: Unexpected token',
    ],
    [
      'a list without a comma',
      '{"apiVersion": "v1", "kind": "List", "items": [{"a": 1}\n{"b": 2}]}',
      "x.json:1 : is not JSON: ',' or ']' is missing after a list's element",
    ],
  ])('refuses %s', (_, text, problem) => {
    expect(read(text, 'x.json').problems).toEqual([expect.stringContaining(problem)])
  })

  it('has no limit that a cluster of 20,000 Services would reach', () => {
    expect(jsonLimit).toBeGreaterThan(200e6)
  })
})

describe('a List', () => {
  const list = { apiVersion: 'v1', kind: 'List', items: [{ kind: 'A' }, { kind: 'B', spec: { ports: [1, 2] } }] }

  it.each([
    ['JSON', JSON.stringify(list, null, 1), 'x.json'],
    ['JSON without a name that says so', JSON.stringify(list), 'x'],
    ['YAML', stringify(list), 'x.yaml'],
    ['JSON with its items twice: the last count', `{"items": [7], ${JSON.stringify(list).slice(1)}`, 'x.json'],
  ])('gives its items one by one: %s', (_, text, file) => {
    expect(read(text, file)).toMatchObject({ values: list.items, problems: [] })
  })

  it('may have its kind in front, and items that do not repeat it', () => {
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ServiceList',
      metadata: {},
      items: [{ a: 1 }, { kind: 'Other' }],
    })
    expect(read(text).values).toEqual([{ apiVersion: 'v1', kind: 'Service', a: 1 }, { kind: 'Other' }])
  })

  it.each([
    [
      'an object of a kind named so',
      { apiVersion: 'x/v1', kind: 'AllowList', metadata: { name: 'x' }, items: [{ a: 1 }] },
    ],
    ['a list of another key', { apiVersion: 'v1', kind: 'Thing', items: [{ a: 1 }] }],
  ])('is not %s', (_, value) => {
    expect(read(JSON.stringify(value)).values).toEqual([value])
    expect(read(stringify(value)).values).toEqual([value])
  })

  it.each([
    ['items that are none', { kind: 'List', items: 'x' }, 'x.yaml:2 items: must be a list, not "x"'],
    ['a List in it', { kind: 'List', items: [list] }, 'x.yaml:3 items[0]: must not be a List itself'],
  ])('is refused with %s', (_, value, problem) => {
    expect(read(stringify(value)).problems).toEqual([problem])
  })

  it('may be empty', () => {
    for (const items of [[], null])
      expect(read(JSON.stringify({ kind: 'List', items }))).toMatchObject({ values: [], problems: [] })
  })
})

describe('positions', () => {
  const pathsOf = (value: unknown): Path[] =>
    typeof value !== 'object' || value === null
      ? [[]]
      : [
          [],
          ...Object.entries(value).flatMap(([key, inside]) =>
            pathsOf(inside).map((path) => [Array.isArray(value) ? Number(key) : key, ...path]),
          ),
        ]
  /** Every value is a number of its own on a line of its own, so that the text says where it is. */
  const numbered = fc
    .letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constant(0),
        fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 4 }).filter((key) => key !== '__proto__' && key !== '<<'),
          tie('node'),
          { minKeys: 1, maxKeys: 3 },
        ),
      ),
    }))
    .node.map((tree) => {
      let next = 1000
      const number = (node: unknown): unknown =>
        Array.isArray(node)
          ? node.map(number)
          : typeof node === 'object' && node !== null
            ? Object.fromEntries(Object.entries(node).map(([key, inside]) => [key, number(inside)]))
            : next++
      return { apiVersion: 'v1', kind: 'List', items: [number(tree), { more: number(tree) }] }
    })
  const at = (value: unknown, path: Path): unknown =>
    path.reduce((inside, step) => (inside as Record<string | number, unknown>)[step], value)

  it.each([
    ['JSON', 'x.json', (value: unknown) => JSON.stringify(value, null, 2)],
    ['YAML', 'x.yaml', (value: unknown) => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 })],
  ])('are those of the values: %s', (_, file, write) => {
    fc.assert(
      fc.property(numbered, (list) => {
        const text = write(list)
        const lines = text.split('\n')
        const documents = [...documentsOf(Buffer.from(text), file)]
        expect(documents).toHaveLength(2)
        for (const document of documents) {
          if (isProblem(document)) throw new Error(document.message)
          for (const path of pathsOf(document.value)) {
            const value = at(document.value, path)
            if (typeof value !== 'number') continue
            const line = Number(document.where(path).split(':')[1])
            expect(lines[line - 1]).toContain(String(value))
          }
        }
      }),
    )
  })

  it('go to the nearest value where the field is missing', () => {
    for (const text of ['{\n"a": {\n"b": 1}}', 'x: 0\na:\n  b: 1\n']) {
      const [document] = documentsOf(Buffer.from(text), 'x')
      if (document === undefined || isProblem(document)) throw new Error('unreadable')
      expect(
        [
          ['a', 'c'],
          ['a', 'b', 0],
          ['a', 0],
        ].map((path) => document.where(path)),
      ).toEqual(['x:2', 'x:3', 'x:2'])
    }
  })
})

describe('anything', () => {
  const sample = `apiVersion: v1
kind: List
items:
- &a {apiVersion: v1, kind: Service, metadata: {name: "web\\u0021"}, spec: {ports: [{port: 80}]}}
- <<: *a
  metadata: # another
    name: 'other'
    text: |
      block
---
{"kind": "List", "items": [{"a": "\\"]"}, [], null]}
`
  const json = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ a: '"]}\\', b: [1, { c: null }] }, 2, 'ü'] })

  it('is read without a throw when it is cut at any byte', () => {
    for (const [text, file] of [
      [sample, 'x.yaml'],
      [json, 'x.json'],
    ] as const)
      for (let end = 0; end <= Buffer.byteLength(text); end++) {
        const { values, problems } = read(Buffer.from(text).subarray(0, end), file)
        // a whole JSON text, and none of its beginnings, is faultless
        if (file === 'x.json') expect(problems.length === 0).toBe(end === 0 || end === Buffer.byteLength(text))
        else expect(values.length + problems.length).toBeLessThan(7)
      }
  })

  it('is read without a throw when bits are flipped, bytes are strewn in, or it is nothing but noise', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 })
    const flipped = fc.tuple(fc.constantFrom(sample, json), flips).map(([text, list]) => {
      const bytes = Buffer.from(text)
      for (const [place, mask] of list) bytes[place % bytes.length]! ^= mask
      return bytes
    })
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    const symbols = fc.string({ unit: fc.constantFrom(...'{}[],:"\'\\&*?|>-<! \n\t#a1%@`'.split('')), maxLength: 60 })
    fc.assert(
      fc.property(fc.oneof(flipped, noise, symbols), fc.constantFrom('x.yaml', 'x.json', 'x'), (content, file) => {
        read(content, file)
      }),
      { numRuns: 1500 },
    )
  })
})
