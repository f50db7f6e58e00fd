import { describe, expect, test } from 'vitest'
import { printRule } from '../print.ts'
import { type IptablesRuleset, parseListing, tablesOf } from './index.ts'

const columns = ' pkts bytes target     prot opt in     out     source               destination         '

const read = (...lines: readonly string[]): IptablesRuleset => parseListing(`${lines.join('\n')}\n`, 'f')
const rules = (...rows: readonly string[]): readonly string[] => {
  const [table] = tablesOf(read('Chain A (1 references)', columns, ...rows))
  return (table?.chains.get('A')?.rules ?? []).map(({ statements }) => printRule({ statements }, 'ip'))
}
const problems = ({ problems: all }: IptablesRuleset): readonly string[] =>
  all.map(({ line = 0, text, doubt = false }) => `${line} ${text}${doubt ? ' !' : ''}`)

describe('rows', () => {
  test.each([
    ['    0     0 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0           ', 'accept'],
    [
      '    0     0 ACCEPT     0    --  lo     !eth+   !10.0.0.0/8          10.0.0.1            ',
      'ip saddr != 10.0.0.0/8 ip daddr 10.0.0.1 meta iifname "lo" meta oifname != "eth*" accept',
    ],
    ['    0     0            tcp  --  *      *       0.0.0.0/0            0.0.0.0/0           ', 'meta l4proto tcp'],
    [
      '    0     0 ACCEPT     all      lo     *       ::/0                 ::/0                ',
      'meta iifname "lo" accept',
    ],
    ['    0     0            tcp      *      *       ::/0                 ::/0                ', 'meta l4proto tcp'],
    [
      '  12K   34M DROP       all  -f  *      *       0.0.0.0/0            0.0.0.0/0           ',
      'ip frag-off & 0x00001fff != 0x00000000 drop',
    ],
    [
      '    0     0 DNAT       tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            /* to:1.2.3.4 -j DROP */ tcp dpt:80 to:10.0.0.1:8080',
      'meta l4proto tcp th dport 80 dnat ip to 10.0.0.1:8080',
    ],
    [
      '    0     0 B          all  --  *      *       0.0.0.0/0            0.0.0.0/0           [goto]  ctstate NEW',
      'ct state new goto B',
    ],
    [
      '    0     0 RETURN     all  --  *      *       0.0.0.0/0            0.0.0.0/0            match-set KUBE-CLUSTER-IP dst,dst',
      '-m set --match-set KUBE-CLUSTER-IP dst,dst return',
    ],
    [
      '    0     0 B          all  --  *      *       0.0.0.0/0            0.0.0.0/0            STRING match "x" ALGO name bm',
      'STRING match "x" ALGO name bm jump B',
    ],
    [
      '    0     0 DROP       tcp  --  any    any     anywhere             anywhere             tcp dpt:bootps flags:!FIN,SYN,RST,ACK/SYN',
      'meta l4proto tcp th dport 67 tcp flags & 0x00000017 != 0x00000002 drop',
    ],
    [
      '    0     0 B          tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:http',
      'meta l4proto tcp th dport 80 jump B',
    ],
  ])('%s', (row, expected) => {
    expect(rules(row)).toEqual([expected])
  })

  test('counters, rounded by iptables unless -x was given', () => {
    const [table] = tablesOf(
      read(
        'Chain INPUT (policy DROP 1234 packets, 5M bytes)',
        columns,
        '  12K   34M DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0',
      ),
    )
    const chain = table?.chains.get('INPUT')
    expect([chain?.hook?.policy, chain?.counters?.packets, chain?.rules[0]?.counters]).toEqual([
      'drop',
      1234,
      { packets: 12_000, bytes: 34_000_000 },
    ])
  })

  test('the text is what the listing shows, the line where', () => {
    const [table] = tablesOf(
      read(
        'Chain A (1 references)',
        columns,
        '    0     0 DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0',
      ),
    )
    expect(table?.chains.get('A')?.rules[0]).toMatchObject({
      text: '0     0 DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0',
      line: 3,
      file: 'f',
    })
  })
})

describe('which table', () => {
  const builtIn = (...names: readonly string[]): readonly string[] =>
    names.flatMap((name) => [`Chain ${name} (policy ACCEPT)`, columns])

  test('the built-in chains say it; a new table begins where they begin again', () => {
    const ruleset = read(
      ...builtIn('INPUT', 'FORWARD', 'OUTPUT'),
      ...builtIn('PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'),
      'Chain A (0 references)',
      ...builtIn('PREROUTING', 'OUTPUT'),
      ...builtIn('PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'),
    )
    expect(ruleset.tables.map(({ name, chains }) => `${name} ${chains.size}`)).toEqual([
      'filter 3',
      'nat 5',
      'raw 2',
      'mangle 5',
    ])
    expect(ruleset.problems).toEqual([])
  })

  test('a command line between two listings says it too', () => {
    const ruleset = read('root@node:~# ip6tables -t security -nvL', ...builtIn('INPUT', 'FORWARD', 'OUTPUT'))
    expect(ruleset.tables.map(({ family, name }) => `${family} ${name}`)).toEqual(['ip6 security'])
  })

  test('a part of a table is told', () => {
    expect(problems(read('Chain KUBE-SVC-X (1 references)', columns))).toEqual([
      '1 a part of a table, which is not named: no built-in chain leads there; use iptables-save !',
    ])
  })
})

describe('problems', () => {
  test('iptables that may not read', () => {
    expect(
      problems(read("iptables v1.4.21: can't initialize iptables table `nat': Permission denied (you must be root)")),
    ).toEqual([
      '1 rules are missing here, iptables could not read them: "iptables v1.4.21: can\'t initialize iptables table `nat\': Permission denied (you must be root)"; run it as root !',
    ])
  })

  test('without -v interfaces are not shown', () => {
    const ruleset = read(
      'Chain INPUT (policy ACCEPT)',
      'target     prot opt source               destination         ',
      'ACCEPT     all  --  anywhere             anywhere            ',
    )
    expect(problems(ruleset)).toEqual([
      '3 this listing was made without -v: it does not show interfaces; use iptables-save !',
    ])
  })

  test('a wrapped line, a chain that is not there', () => {
    const ruleset = read(
      'Chain INPUT (policy ACCEPT)',
      columns,
      '    0     0 NOWHERE    all  --  *      *       0.0.0.0/0            0.0.0.0/0',
      'tcp dpt:80',
    )
    expect(problems(ruleset)).toEqual([
      '4 not a rule of a listing: "tcp dpt:80"; was a line wrapped or cut? !',
      '3 a jump to chain NOWHERE, which is not listed',
    ])
  })
})
