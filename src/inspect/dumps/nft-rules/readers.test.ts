import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Asked, asking } from '../../../../test/support/nft-asked.ts'
import { readNftJson } from '../nft-json/index.ts'
import { readNftText } from '../nft-text/index.ts'
import type { NftRuleset } from './ruleset.ts'

/** Listings of nft 1.0.6 of rules that kube-proxy and others write. */
const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')
const read = (name: string): NftRuleset =>
  name.endsWith('.json.txt') ? readNftJson(golden(name), name) : readNftText(golden(name), name)

const NODE = '192.168.0.2'
const tcp = (from: string, to: string, port: number): Asked => ({ from, to, port, protocol: 'tcp' })

const forms = (name: string): readonly string[] => [`${name}.nft`, `${name}.a.nft`, `${name}.n.nft`, `${name}.json.txt`]

interface Row {
  readonly what: string
  readonly asked: Asked
  readonly answer: string
}

const oldKubeProxy: readonly Row[] = [
  {
    what: 'ClusterIP from a pod',
    asked: tcp('10.0.0.5', '172.30.0.41', 80),
    answer:
      'dnat 10.180.0.1:80 715827883/2147483648, 10.180.0.2:80 1431655765/4294967296, 10.180.0.9:8080 1431655765/4294967296',
  },
  {
    what: 'ClusterIP from outside',
    asked: tcp('9.0.0.5', '172.30.0.41', 80),
    answer:
      'dnat 10.180.0.1:80 715827883/2147483648, 10.180.0.2:80 1431655765/4294967296, 10.180.0.9:8080 1431655765/4294967296 masqueraded',
  },
  {
    what: 'hairpin',
    asked: tcp('10.180.0.2', '172.30.0.41', 80),
    answer:
      'dnat 10.180.0.1:80 715827883/2147483648, 10.180.0.2:80 1431655765/4294967296, 10.180.0.9:8080 1431655765/4294967296 masquerade depends',
  },
  {
    what: 'NodePort',
    asked: tcp('9.0.0.5', NODE, 3001),
    answer:
      'dnat 10.180.0.1:80 715827883/2147483648, 10.180.0.2:80 1431655765/4294967296, 10.180.0.9:8080 1431655765/4294967296 masqueraded',
  },
  {
    what: 'affinity, client unknown',
    asked: tcp('10.0.0.5', '172.30.0.45', 80),
    answer: 'dnat 10.180.0.3:80 1/2, 10.180.0.4:80 1/2',
  },
  {
    what: 'UDP',
    asked: { from: '10.0.0.5', to: '172.30.0.45', port: 53, protocol: 'udp' },
    answer: 'dnat 10.180.0.7:53 1/1',
  },
  { what: 'TCP to the UDP port', asked: tcp('10.0.0.5', '172.30.0.45', 53), answer: 'reject' },
  { what: 'no endpoints', asked: tcp('10.0.0.5', '172.30.0.46', 80), answer: 'reject' },
  { what: 'outside the source ranges', asked: tcp('9.0.0.5', '5.6.7.8', 80), answer: 'drop' },
  {
    what: 'inside the source ranges, nowhere to go',
    asked: tcp('203.0.113.7', '5.6.7.8', 80),
    answer: 'none',
  },
  { what: 'an address that no Service has', asked: tcp('10.0.0.5', '172.30.0.99', 80), answer: 'drop' },
  { what: 'no Service', asked: tcp('10.0.0.5', '1.1.1.1', 80), answer: 'none' },
]

const newKubeProxy: readonly Row[] = [
  {
    what: 'ExternalIP',
    asked: tcp('10.0.0.5', '192.168.99.33', 80),
    answer: 'dnat 10.180.0.4:80 1/2, 10.180.0.5:80 1/2 masqueraded',
  },
  {
    what: 'ClusterIP from a pod',
    asked: tcp('10.0.0.5', '172.30.0.44', 80),
    answer: 'dnat 10.180.0.4:80 1/2, 10.180.0.5:80 1/2',
  },
  {
    what: 'hairpin of one of two',
    asked: tcp('10.180.0.5', '172.30.0.44', 80),
    answer: 'dnat 10.180.0.4:80 1/2, 10.180.0.5:80 1/2 masquerade depends',
  },
  { what: 'affinity', asked: tcp('10.0.0.5', '172.30.0.45', 80), answer: 'dnat 10.180.0.3:80 1/1' },
  { what: 'no endpoints', asked: tcp('10.0.0.5', '172.30.0.46', 80), answer: 'reject' },
  { what: 'local policy without endpoints', asked: tcp('9.0.0.5', '1.2.3.4', 80), answer: 'drop' },
  { what: 'NodePort', asked: tcp('9.0.0.5', NODE, 3003), answer: 'dnat 10.180.0.3:80 1/1 masqueraded' },
  { what: 'outside the source ranges', asked: tcp('9.0.0.5', '5.6.7.8', 80), answer: 'drop' },
  { what: 'unused port of a ClusterIP', asked: tcp('10.0.0.5', '172.30.0.44', 81), answer: 'reject' },
]

describe.each(forms('kube-proxy-1.29'))('kube-proxy before dnat maps: %s', (name) => {
  const ask = asking(read(name).tables, NODE)
  test.each(oldKubeProxy)('$what', ({ asked, answer }) => expect(ask(asked)).toBe(answer))
})

describe.each(forms('kube-proxy-1.36'))('kube-proxy 1.36: %s', (name) => {
  const ask = asking(read(name).tables, NODE)
  test.each(newKubeProxy)('$what', ({ asked, answer }) => expect(ask(asked)).toBe(answer))
})

describe('iptables-nft seen through nft', () => {
  const { tables, iptables, problems } = read('iptables-nft.nft')
  const ask = asking(tables, NODE)

  test('its tables are known as such', () => {
    expect([...iptables]).toEqual(['ip filter', 'ip nat'])
    expect(problems).toEqual([])
  })

  test('a Service keeps the odds that iptables gives the kernel', () =>
    expect(ask(tcp('9.0.0.5', '10.96.0.10', 80))).toBe(
      'dnat 10.244.0.4:8080 715827883/2147483648, 10.244.0.5:8080 1431655765/4294967296, 10.244.0.6:8080 1431655765/4294967296 masqueraded',
    ))

  test('what nft mistranslates is unknown, not believed', () => {
    const rule = tables[0]?.chains.get('KUBE-FIREWALL')?.rules[0]
    expect(rule?.statements.at(-3)).toMatchObject({ kind: 'unknown', text: expect.stringContaining('ct status dnat') })
  })

  test('JSON shows extensions by name only: the answer is partial', () => {
    const json = asking(read('iptables-nft.json.txt').tables, NODE)
    expect(json(tcp('9.0.0.5', '10.96.0.10', 80))).toMatch(/partial: .*xt target "MARK"/)
  })
})

/** How a ruleset looks to the evaluator, without places and texts. */
const shape = ({ tables }: NftRuleset): unknown =>
  tables.map(({ family, name, chains, sets }) => ({
    family,
    name,
    chains: Array.from(chains.values(), ({ name: chain, hook, rules }) => ({
      chain,
      hook,
      rules: rules.map(({ statements, comment }) => ({
        comment,
        // what a limit or lookup of a route is called differs
        statements: statements
          .map((one) => (one.kind === 'state' ? { kind: one.kind, assume: one.assume } : one))
          .map(untexted),
      })),
    })),
    sets: [...sets.keys()],
  }))

/** Numbers or names of ICMP codes too. */
const untexted = (statement: object): object => {
  if ('as' in statement) return { ...statement, as: '' }
  return 'text' in statement ? { ...statement, text: '' } : statement
}

describe('a firewall of everything', () => {
  test('symbolic, numeric and JSON listings say the same', () => {
    const symbolic = read('firewall.nft')
    expect(symbolic.problems).toEqual([])
    expect(shape(read('firewall.n.nft'))).toEqual(shape(symbolic))
    expect(shape(read('firewall.json.txt'))).toEqual(shape(symbolic))
  })

  test('what is not understood is in the rules by its text', () => {
    const unknown = read('firewall.nft').tables.flatMap(({ chains }) =>
      [...chains.values()].flatMap(({ rules }) =>
        rules.flatMap(({ statements }) => statements.flatMap((one) => (one.kind === 'unknown' ? [one.text] : []))),
      ),
    )
    expect(unknown).toEqual([
      'fib daddr . iif type != { local, broadcast, multicast }',
      'ip dscp cs1',
      'ip ttl < 5',
      'ether saddr 00:11:22:33:44:55',
      'dnat ip to 10.1.1.1-10.1.1.5',
      'dnat ip to 10.1.1.1:8000-8010',
    ])
  })

  test('sets answer for intervals, prefixes, concatenations and names', () => {
    const sets = read('firewall.nft').tables[0]?.sets
    const holds = (set: string, key: string): boolean => sets?.get(set)?.get(key) !== undefined
    const bytes = (...octets: number[]): string => String.fromCharCode(...octets)
    expect(holds('blk', bytes(10, 255, 0, 1))).toBe(true)
    expect(holds('blk', bytes(11, 0, 0, 0))).toBe(false)
    expect(holds('blk', bytes(192, 168, 1, 77))).toBe(true)
    expect(holds('blk', bytes(192, 168, 1, 78))).toBe(false)
    expect(holds('cc', bytes(10, 9, 9, 9, 0, 85, 0, 0))).toBe(true)
    expect(holds('cc', bytes(11, 0, 0, 1, 1, 0xbb, 0, 0))).toBe(true)
    expect(holds('cc', bytes(11, 0, 0, 1, 0, 85, 0, 0))).toBe(false)
    expect(holds('ifs', 'veth1234'.padEnd(16, '\0'))).toBe(true)
    expect(holds('ifs', 'eth1'.padEnd(16, '\0'))).toBe(false)
  })

  test('rules have line, handle, comment and counters', () => {
    const rule = read('firewall.nft')
      .tables[0]?.chains.get('input')
      ?.rules.find(({ handle }) => handle === 30)
    expect(rule).toMatchObject({
      line: 81,
      comment: 'a \\ b { } ; # not a comment',
      counters: { packets: 3, bytes: 4 },
      text: 'ip saddr @blk tcp dport { 22, 80-90, 443 } counter packets 3 bytes 4 accept comment "a \\ b { } ; # not a comment"',
    })
  })
})

const names = [
  ...forms('kube-proxy-1.29'),
  'iptables-nft.nft',
  'iptables-nft.json.txt',
  'firewall.nft',
  'firewall.json.txt',
]

describe('dumps that went through hands', () => {
  test('CRLF changes nothing', () => {
    const text = golden('kube-proxy-1.29.nft')
    const whole = readNftText(text, 'x')
    const crlf = readNftText(text.replaceAll('\n', '\r\n'), 'x')
    expect(crlf.problems).toEqual([])
    expect(shape(crlf)).toEqual(shape(whole))
  })

  test('a table listed twice counts once', () => {
    const text = golden('kube-proxy-1.29.nft')
    const { tables, problems } = readNftText(text + text, 'x')
    expect(tables).toHaveLength(1)
    expect(problems).toEqual([{ file: 'x', line: 191, text: 'table ip kube-proxy is listed twice; the first counts' }])
  })

  test('a table that is not closed is named, the next one is read', () => {
    const text = 'table ip a {\n\tchain x {\n\t\tdrop\n\t}\ntable ip b {\n\tchain y {\n\t\taccept\n\t}\n}\n'
    const { tables, problems } = readNftText(text, 'x')
    expect(tables.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(problems).toEqual([{ file: 'x', line: 5, text: 'table ip a of line 1 is not closed', doubt: true }])
  })

  test('noise before and behind', () => {
    const text = `root@node:~# nft list ruleset\n${golden('kube-proxy-1.29.nft')}root@node:~#\n`
    const { tables, problems } = readNftText(text, 'x')
    expect(tables).toHaveLength(1)
    expect(problems.map(({ line, doubt }) => [line, doubt])).toEqual([[1, undefined]])
  })

  test('XT … not found is the rule it stands in, also when the rule goes on in the next line', () => {
    const text = [
      'table ip nat {',
      '\tchain KUBE-SEP-A {',
      '\t\tmeta l4proto tcp counter packets 0 bytes 0 # XT target DNAT not found',
      '',
      '\t\tmeta l4proto tcp # XT match comment not found',
      ' counter packets 0 bytes 0 jump KUBE-MARK-MASQ # handle 7',
      '\t\tip saddr 10.0.0.1 # xt_MASQUERADE',
      '\t}',
      '}',
    ].join('\n')
    const rules = readNftText(text, 'x').tables[0]?.chains.get('KUBE-SEP-A')?.rules
    expect(rules?.map(({ statements }) => statements.at(-1)?.kind)).toEqual(['unknown', 'jump', 'masquerade'])
    expect(rules?.[1]?.handle).toBe(7)
  })

  test('warnings of nft between and within rules', () => {
    const text = [
      'table ip nat {',
      '# Warning: XT target MASQUERADE not found',
      '\tchain KUBE-SEP-A {',
      '\t\t# Warning: XT target DNAT not found',
      '\t\tip protocol tcp counter packets 1 bytes 2 # Warning: XT target DNAT not found',
      'xt target "DNAT"',
      '\t\tip protocol tcp counter packets 41 bytes 2460 XT target DNAT not found',
      '\t\txt match "statistic" counter packets 3 bytes 4 jump X',
      '\t}',
      '}',
    ].join('\n')
    const { tables, problems } = readNftText(text, 'x')
    expect(problems).toEqual([])
    const rules = tables[0]?.chains.get('KUBE-SEP-A')?.rules
    expect(rules?.map(({ line, statements }) => [line, statements.map(({ kind }) => kind)])).toEqual([
      [5, ['match', 'counter', 'unknown']],
      [7, ['match', 'counter', 'unknown']],
      [8, ['unknown', 'counter', 'jump']],
    ])
  })

  test.each(names)('%s cut anywhere: the cut is named, nothing that was read is another rule', (name) => {
    const text = golden(name).trimEnd()
    const whole = JSON.stringify(shape(read(name)), printable)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length - 1 }), (at) => {
        const part = text.slice(0, at)
        const { tables, problems } = name.endsWith('.json.txt') ? readNftJson(part, 'x') : readNftText(part, 'x')
        if (/^(?:#[^\n]*\n?|\s)*$|\n}\s*(?:#[^\n]*\s*)*$/.test(part)) return
        if (!name.endsWith('.json.txt') && !part.includes('{')) return
        expect(problems.some(({ doubt }) => doubt)).toBe(true)
        const rules = tables.flatMap(({ chains }) => [...chains.values()].flatMap(({ rules: its }) => its))
        for (const { statements, text: said } of rules) {
          if (said?.includes('the dump ends') === true) continue
          const what = statements
            .map((one) => (one.kind === 'state' ? { kind: one.kind, assume: one.assume } : one))
            .map(untexted)
          expect(whole).toContain(JSON.stringify(what, printable))
        }
      }),
      { numRuns: 100 },
    )
  })

  test('mutated in any way: read to the end, problems are few and have lines of the file', () => {
    const mutation = fc.record({
      name: fc.constantFrom(...names),
      edits: fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          cut: fc.nat(40),
          put: fc.oneof(
            fc.constantFrom('{', '}', '"', '#', ',', '(', ':', '\n', '@', 'table ip x {', 'map', 'elements = {'),
            fc.string(),
          ),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    })
    fc.assert(
      fc.property(mutation, ({ name, edits }) => {
        let text = golden(name)
        for (const { at, cut, put } of edits) {
          const place = Math.floor(at * text.length)
          text = text.slice(0, place) + put + text.slice(place + cut)
        }
        const { problems, tables } = name.endsWith('.json.txt') ? readNftJson(text, 'x') : readNftText(text, 'x')
        const lines = text.split('\n').length
        expect(problems.length).toBeLessThanOrEqual(101)
        for (const { line = 1 } of problems) expect(line >= 1 && line <= lines).toBe(true)
        const ask = asking(tables, NODE)
        for (const { asked } of [...oldKubeProxy.slice(0, 2), ...newKubeProxy.slice(0, 1)]) ask(asked)
      }),
      { numRuns: 300 },
    )
  })

  test('nesting without end is no stack overflow', () => {
    for (const open of ['(', '{', 'jhash ', '{ 1 : ', 'ip saddr & ( '])
      expect(() => readNftText(`table ip x { chain y {\n${open.repeat(100_000)}\n} }`, 'x')).not.toThrow()
    const deep = `{"nftables":[{"table":{"family":"ip","name":"x"}},{"rule":{"family":"ip","table":"x","chain":"y","expr":[{"match":{"op":"==","left":${'{"concat":['.repeat(2_000)}1${']}'.repeat(2_000)},"right":1}}]}}]}`
    expect(() => readNftJson(deep, 'x')).not.toThrow()
  })
})

const printable = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
