import { describe, expect, test } from 'vitest'
import type { Packet, Trace } from '../../model/packet.ts'
import { cutDump } from './cut.ts'
import { readDumps } from './read.ts'
import { surveyNode } from './survey.ts'
import { traceNode } from './trace-node.ts'

/** What people hand in: pieces of listings in prose, in Markdown, of several machines. */

const packet: Packet = { from: '10.244.3.9', to: '10.96.0.20', port: 80, protocol: 'TCP' }

const ask = async (text: string, asked: Partial<Packet> = {}): Promise<Trace> =>
  traceNode(await readDumps([{ name: 'report.md', text }]))({ ...packet, ...asked })

const answer = ({ verdict, partial, masquerade, backends }: Trace): string =>
  [
    verdict,
    ...backends.map(({ address, probability: { numerator, denominator } }) => `${address} ${numerator}/${denominator}`),
    ...(verdict === 'dnat' ? [`masquerade ${String(masquerade)}`] : []),
    ...(partial ? ['partial'] : []),
  ].join(', ')

const problemsOf = async (text: string): Promise<readonly string[]> =>
  (await readDumps([{ name: 'report.md', text }])).problems.map(
    ({ line = 0, text: what, doubt = false }) => `${line} ${what}${doubt ? ' !' : ''}`,
  )

const rules = `-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SVC-WEB ! -s 10.244.0.0/16 -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ONE
-A KUBE-SVC-WEB -j KUBE-SEP-TWO
`
const endpoints = `-A KUBE-SEP-ONE -p tcp -m tcp -j DNAT --to-destination 10.244.3.40:8080
-A KUBE-SEP-TWO -p tcp -m tcp -j DNAT --to-destination 10.244.4.41:8080
`
const whole = `-P PREROUTING ACCEPT
-P INPUT ACCEPT
-P OUTPUT ACCEPT
-P POSTROUTING ACCEPT
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
${rules}${endpoints}-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
`
const empty = '-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n'
const filter = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n'
const right = 'dnat, 10.244.3.40 1/2, 10.244.4.41 1/2, masquerade false'

describe('Markdown', () => {
  const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by)

  test.each(['    ', '\t', '> ', '  > ', '| '])('a listing in a block that is set off by %j', async (by) => {
    const text = `# What we see\n\nOn the node:\n\n${indented(`$ iptables -S -t nat\n${whole}`, by)}\nand\n\n${indented(filter, by)}\nThat is all.\n`
    expect(answer(await ask(text))).toBe(right)
  })

  test('blocks in blocks in blocks end', () => {
    const stairs = Array.from({ length: 5_000 }, (_, i) => `${' '.repeat(i % 900)}-P INPUT ACCEPT`).join('\n')
    expect(cutDump({ name: 'x', text: stairs }).parts.length).toBeGreaterThan(0)
  })

  test('a comment between two rules of a listing', async () => {
    const listing = `Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination
    0     0 RETURN     all  --  docker0 *       0.0.0.0/0            0.0.0.0/0
# and here is the one that matters
    0     0 DNAT       tcp  --  *      *       0.0.0.0/0            10.96.0.20           tcp dpt:80 to:10.244.3.40:8080
Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination
Chain POSTROUTING (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination
`
    const asked = { ...packet, inputInterface: 'eth0' }
    expect(answer(await ask(listing, asked))).toBe('dnat, 10.244.3.40 1/1, masquerade false')
  })
})

describe('what a command or a file’s name says', () => {
  const titles = ' pkts bytes target     prot opt in     out     source               destination\n'
  const empty = (...chains: readonly string[]): string =>
    chains.map((chain) => `Chain ${chain} (policy ACCEPT 0 packets, 0 bytes)\n${titles}`).join('\n')
  const hooks = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'] as const
  const nat = empty(...hooks).replace(
    titles,
    `${titles}    1    60 DNAT       tcp  --  *      *       0.0.0.0/0            10.96.0.20           tcp dpt:80 to:10.244.3.40:8080\n`,
  )
  const accepted = empty('INPUT', 'FORWARD', 'OUTPUT')
  const forwarded = 'dnat, 10.244.3.40 1/1, masquerade false'

  test('an empty table of the other family is no second one', async () => {
    const text = `$ iptables -t nat -nvL\n${nat}$ sudo ip6tables -t nat -nvL\n${empty(...hooks)}$ iptables -nvL\n${accepted}$ ip6tables -S\n${filter}`
    expect(answer(await ask(text))).toBe(forwarded)
  })

  test('names as sosreport gives them', async () => {
    const files = {
      'iptables_-t_nat_-nvL': nat,
      'iptables_-t_filter_-nvL': accepted,
      'ip6tables_-t_nat_-nvL': empty(...hooks),
      'ip6tables_-t_filter_-nvL': accepted.replaceAll('ACCEPT', 'DROP'),
      'iptables-security.txt': accepted.replaceAll('ACCEPT', 'DROP'),
    }
    const node = await readDumps(Object.entries(files).map(([name, text]) => ({ name: `report/${name}`, text })))
    expect(node.tables.map(({ family, name }) => `${family} ${name}`).sort()).toEqual([
      'ip filter',
      'ip nat',
      'ip security',
      'ip6 filter',
      'ip6 nat',
    ])
    expect(node.problems).toEqual([])
  })

  test.each([
    'for t in nat filter; do iptables -t $t -nvL; done',
    '$ iptables -nvL; iptables -t nat -nvL',
    'what iptables -t mangle -L shows:',
  ])('%s: the chains tell the table', async (heading) => {
    const node = await readDumps([{ name: 'ip6tables.txt', text: `${heading}\n${nat}` }])
    expect(node.tables.map(({ family, name }) => `${family} ${name}`)).toEqual(['ip nat'])
  })
})

describe('something before each line', () => {
  const before = (text: string, by: (line: string, i: number) => string): string =>
    text.replace(/\n$/, '').split('\n').map(by).join('\n').concat('\n')
  const prefixes: readonly (readonly [string, (line: string, i: number) => string])[] = [
    ['a log of CI', (line, i) => `2026-08-01T10:00:0${i % 10}.1234567Z ${line}`],
    ['one with job and step', (line) => `e2e\tcollect rules\t2026-08-01T10:00:00.1Z ${line}`],
    ['a container runtime', (line) => `2026-08-01T10:00:00.123456789+02:00 stdout F ${line}`],
    ['the time', (line) => `2026-08-01 10:00:00,123 ${line}`],
    ['journald', (line) => `Aug  1 10:00:00 node-7 collect[4711]: ${line}`],
    ['kubectl logs --prefix', (line) => `[pod/collect-x7k2/main] ${line}`],
    ['Docker Compose', (line) => `collect-1  | ${line}`],
    ['cat -n', (line, i) => `${String(i + 1).padStart(6)}\t${line}`],
    ['grep -n', (line, i) => `${i + 1}:${line}`],
    ['stdout_lines of Ansible', (line) => `        ${JSON.stringify(line)},`],
  ]

  test.each(prefixes)('%s', async (_, by) => {
    expect(answer(await ask(`Collected:\n${before(`${whole}${filter}`, by)}Done.\n`))).toBe(right)
  })

  test('a number that is missing is a line that is missing', async () => {
    const numbered = before(`*nat\n${whole.replace(/^-P (\S+) (\S+)/gm, ':$1 $2 [0:0]')}COMMIT\n`, (line, i) =>
      line.includes('KUBE-SEP-ONE -p') ? '' : `${i + 1}:${line}`,
    ).replace('\n\n', '\n')
    expect((await ask(numbered)).partial).toBe(true)
  })

  test('lines of two nodes between each other are not one listing', async () => {
    const two = before(`${whole}${filter}`, (line, i) => `Aug  1 10:00:00 node-${i % 2} collect[4711]: ${line}`)
    expect((await ask(two)).partial).toBe(true)
  })
})

describe('pieces of a table', () => {
  test('what was grepped for: the chains that lead there are taken as kube-proxy has them', async () => {
    const trace = await ask(`Look at this:\n${rules}and this:\n${endpoints}`)
    expect(answer(trace)).toBe(`${right}, partial`)
    expect(trace.unknown.join()).toContain('-A PREROUTING -j KUBE-SERVICES')
    expect(answer(await ask(`${rules}${endpoints}`, { from: '192.0.2.9' }))).toBe(
      `${right.replace('false', 'true')}, partial`,
    )
  })

  test('the comments of a Service’s rules name the endpoints whose chains are not there', async () => {
    const named = rules
      .replace('-m statistic', '-m comment --comment "shop/web -> 10.244.3.40:8080" -m statistic')
      .replace('KUBE-SVC-WEB -j', 'KUBE-SVC-WEB -m comment --comment "shop/web -> 10.244.4.41:8080" -j')
    expect(answer(await ask(named))).toBe(`${right}, partial`)
  })

  test('a rule that is told twice, once in the text, counts once', async () => {
    expect(answer(await ask(`${rules}${endpoints}First it comes to\n${rules}`))).toBe(`${right}, partial`)
  })

  test('a table and then some of its rules again: nothing is in doubt', async () => {
    expect(answer(await ask(`${whole}\nIn it:\n${rules}\n$ iptables -S\n${filter}`))).toBe(right)
  })

  test('a table and rules that it does not have: told', async () => {
    const other = rules.replaceAll('10.96.0.20', '10.96.0.30')
    expect(answer(await ask(`${whole}\nLater:\n${other}\n$ iptables -S\n${filter}`))).toBe(`${right}, partial`)
  })

  test('a listing of single chains is not the table', async () => {
    const head = 'target     prot opt source               destination\n'
    const listing = `$ iptables -t nat -nL PREROUTING
Chain PREROUTING (policy ACCEPT)
${head}DNAT       tcp  --  0.0.0.0/0            10.96.0.20           tcp dpt:80 to:10.244.3.40:8080
`
    const trace = await ask(listing)
    expect(answer(trace)).toBe('dnat, 10.244.3.40 1/1, masquerade false, partial')
    expect(trace.unknown.join()).toMatch(/nat|POSTROUTING/)
  })

  test('what grep left out between two matches', async () => {
    expect(await problemsOf(`*nat\n:KUBE-SVC-WEB - [0:0]\n--\n${endpoints}COMMIT\n`)).toContain(
      '3 lines are missing here: `--` is what grep prints for them !',
    )
  })

  test('one chain and one map of nft after the other', async () => {
    const table = (inside: string): string => `\`\`\`\ntable ip kube-proxy {\n${inside}}\n\`\`\`\n\n`
    const text = [
      table(
        '\tmap service-ips {\n\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n\t\telements = { 10.96.0.20 . tcp . 80 : goto service-web }\n\t}\n',
      ),
      table(
        '\tchain nat-prerouting {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\tip daddr . meta l4proto . th dport vmap @service-ips\n\t}\n',
      ),
      table('\tchain service-web {\n\t\tnumgen random mod 2 vmap { 0 : goto endpoint-1, 1 : goto endpoint-2 }\n\t}\n'),
      table('\tchain endpoint-1 {\n\t\tmeta l4proto tcp dnat to 10.244.3.40:8080\n\t}\n'),
      table('\tchain endpoint-2 {\n\t\tmeta l4proto tcp dnat to 10.244.4.41:8080\n\t}\n'),
    ].join('Then:\n\n')
    const trace = await ask(text)
    expect(answer(trace)).toBe(`${right}, partial`)
    expect(trace.unknown.join()).toContain('is here in pieces')
  })
})

describe('pieces of kube-proxy’s nftables', () => {
  const services = `	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.96.0.20 . tcp . 80 : goto service-web }
	}
`
  const web =
    '\tchain service-web {\n\t\tmeta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.3.40 . 8080, 1 : 10.244.4.41 . 8080 }\n\t}\n'
  const marks = `	chain services {
		ip daddr 10.96.0.20 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		ip daddr . meta l4proto . th dport vmap @service-ips
	}
`

  test('what begins at the hooks is taken as kube-proxy has it, and told', async () => {
    const text = `table ip kube-proxy {\n${services}${marks}${web}}\n`
    const trace = await ask(text)
    expect(answer(trace)).toBe(`${right}, partial`)
    expect(trace.unknown.join()).toContain('nat-prerouting, nat-output, nat-postrouting, masquerading')
    expect(answer(await ask(text, { from: '192.0.2.9' }))).toBe(`${right.replace('false', 'true')}, partial`)
    expect(answer(await ask(`table ip kube-proxy {\n${services}${web}}\n`))).toBe(`${right}, partial`)
  })

  test('a Service’s chain alone says its frontend, and the names of endpoints’ chains where they translate to', async () => {
    const chain = (name: string, ...lines: readonly string[]): string =>
      `$ nft list chain ip kube-proxy ${name}\ntable ip kube-proxy {\n\tchain ${name} {\n\t\t${lines.join('\n\t\t')}\n\t}\n}\n`
    const [one, two] = [
      'endpoint-AAAAAAAA-shop/web/tcp/http__10.244.3.40/8080',
      'endpoint-BBBBBBBB-shop/web/tcp/http__10.244.4.41/8080',
    ]
    const text = chain(
      'service-CCCCCCCC-shop/web/tcp/http',
      'ip daddr 10.96.0.20 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade',
      `numgen random mod 2 vmap { 0 : goto ${one}, 1 : goto ${two} }`,
    )
    const endpoint = chain(
      one,
      'ip saddr 10.244.3.40 jump mark-for-masquerade',
      'meta l4proto tcp dnat to 10.244.3.40:8080',
    )
    expect(answer(await ask(text))).toBe(`${right}, partial`)
    expect(answer(await ask(text + endpoint))).toBe(`${right}, partial`)
    // somebody's notes in a script
    expect(answer(await ask(`set -e\n${(text + endpoint).replace(/^/gm, '# ')}\n`))).toBe(`${right}, partial`)
    expect((await problemsOf(text + endpoint)).filter((problem) => problem.includes('in pieces'))).toHaveLength(1)
    expect(answer(await ask(text, { from: '10.244.3.40' }))).toMatch(/masquerade (?:null|mixed|false|true), partial$/)
    const six = text
      .replaceAll('ip kube-proxy', 'ip6 kube-proxy')
      .replaceAll('ip daddr 10.96.0.20', 'ip6 daddr fd00:96::20')
      .replaceAll('ip saddr != 10.244.0.0/16', 'ip6 saddr != fd00:244::/56')
      .replaceAll('10.244.3.40', 'fd00:244::3')
      .replaceAll('10.244.4.41', 'fd00:244::4')
    expect(answer(await ask(six, { from: 'fd00:244::9', to: 'fd00:96::20' }))).toBe(
      'dnat, fd00:244::3 1/2, fd00:244::4 1/2, masquerade false, partial',
    )
  })

  test('a hook that nft does not have is told', async () => {
    expect(
      await problemsOf('table ip x {\n\tchain pre {\n\t\ttype nat hook preroute priority -100;\n\t}\n}\n'),
    ).toEqual(['2 chain pre hangs at a hook that is not understood: type nat hook preroute priority -100 !'])
  })

  test('a table that is whole, or somebody else’s, gets nothing', async () => {
    expect(answer(await ask(`table ip mine {\n${services}${web}}\n`))).toBe('none')
  })
})

describe('rules with something around them', () => {
  test('a note behind a rule', async () => {
    const noted = whole.replace(/^(-A KUBE-S.*)$/gm, '$1     # -j DROP "is not meant')
    expect(answer(await ask(`${noted}$ iptables -S\n${filter}`))).toBe(right)
  })

  test('rules broken over several lines with backslashes keep their places', async () => {
    const broken = whole.replace(/ -m /g, ' \\\n    -m ')
    const trace = await ask(`${broken}$ iptables -S\n${filter}`)
    expect(answer(trace)).toBe(right)
    const lines = broken.split('\n')
    for (const { rule, line = 0 } of trace.path) expect(lines[line - 1]).toContain(rule.slice(0, 13))
    expect(trace.path.length).toBeGreaterThan(4)
  })

  test('maps and chains of kube-proxy without their table', async () => {
    const text = `Look:\n\tmap service-ips {\n\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n\t\telements = { 10.96.0.20 . tcp . 80 : goto service-ABCDEFGH-shop/web/tcp/http }\n\t}\n\tchain service-ABCDEFGH-shop/web/tcp/http {\n\t\tmeta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.3.40 . 8080, 1 : 10.244.4.41 . 8080 }\n\t}\nThat is all\n`
    expect(answer(await ask(text))).toBe(`${right}, partial`)
  })
})

describe('several machines', () => {
  test('another network namespace is left out, also its addresses', async () => {
    const pod = `# ip netns exec cni-1 ip addr\n1: lo: <LOOPBACK> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n3: eth0@if9: <UP> mtu 1500\n    inet 10.244.3.77/32 scope global eth0\n# ip netns exec cni-1 iptables -S -t nat\n${empty}`
    const text = `# iptables -S\n${filter}# iptables -S -t nat\n${whole}${pod}`
    expect(answer(await ask(text))).toBe(right)
    expect((await problemsOf(text)).join()).toContain('network namespace cni-1 is left out')
    expect(answer(await ask(`# ip netns exec a iptables -S -t nat\n${whole}`))).toBe(right)
  })

  test('a table that is there twice with other rules, with text between, is a doubt', async () => {
    const trace = await ask(
      `# iptables -S -t nat\n${whole}\nand on the other node:\n\n${empty}\n$ iptables -S\n${filter}`,
    )
    expect([trace.partial, trace.unknown.join()]).toEqual([true, expect.stringContaining('is here 2 times')])
  })

  test('so is one of nft', async () => {
    const table = (to: string): string =>
      `table ip mine {\n\tchain pre {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\tip daddr 10.96.0.20 tcp dport 80 dnat to ${to}:80\n\t}\n}\n`
    expect(answer(await ask(`${table('10.1.0.1')}node 2\n${table('10.1.0.2')}`))).toBe(
      'dnat, 10.1.0.1 1/1, masquerade false, partial',
    )
    expect(answer(await ask(`${table('10.1.0.1')}once more\n${table('10.1.0.1')}`))).toBe(
      'dnat, 10.1.0.1 1/1, masquerade false',
    )
  })
})

test('a virtual service of two nodes is a doubt', async () => {
  const list = (server: string): string =>
    `IP Virtual Server version 1.2.1 (size=4096)\nTCP  10.96.0.20:80 rr\n  -> ${server}:80 Masq 1 0 0\n`
  expect((await ask(`${list('10.1.0.1')}node 2\n${list('10.1.0.2')}`)).unknown.join()).toContain('listed twice')
  expect(answer(await ask(`${list('10.1.0.1')}again\n${list('10.1.0.1')}`))).toBe(
    'dnat, 10.1.0.1 1/1, masquerade false',
  )
})

describe('addresses', () => {
  const services = `IP Virtual Server version 1.2.1 (size=4096)
TCP  192.0.2.7:30080 rr
  -> 10.244.3.40:8080 Masq 1 0 0
`
  const some = '9: kube-ipvs0: <BROADCAST,NOARP> mtu 1500\n    inet 10.96.0.20/32 scope global kube-ipvs0\n'
  test('a listing of one interface is not all that the node has', async () => {
    const asked = { from: '198.51.100.1', to: '192.0.2.7', port: 30_080 }
    expect(answer(await ask(`${services}$ ip a\n...\n${some}`, asked))).toBe('dnat, 10.244.3.40 1/1, masquerade false')
  })

  test('ip -br addr', async () => {
    const text = `${services}$ ip -br a\nlo               UNKNOWN        127.0.0.1/8 ::1/128\neth0             UP             192.0.2.7/24 fe80::1/64\n`
    const node = await readDumps([{ name: 'x', text }])
    expect([node.addressesFrom, ...node.addresses]).toEqual(['listing', '192.0.2.7', 'fe80::1'])
  })
})

test('a port that is forwarded is found also where the way behind it is not known', async () => {
  const text = `table ip nat {
	chain PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local tcp dport 8022 counter packets 3 bytes 180 dnat to 172.20.0.2:22
	}
}
table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		oifname "bridge7" counter packets 3 bytes 180 accept
	}
}
`
  const found = [...surveyNode(await readDumps([{ name: 'x', text }]))]
  expect(found.map(({ frontend, trace }) => `${frontend} ${trace.verdict} ${trace.partial}`)).toEqual([
    'node:8022/TCP drop true',
  ])
})

test('a listing without interfaces is no matter where nft shows the table', async () => {
  const nft = `table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy accept;
		iifname "docker9" counter packets 0 bytes 0 drop
	}
}
`
  const listing = `Chain FORWARD (policy ACCEPT)
target     prot opt source               destination
DROP       all  --  0.0.0.0/0            0.0.0.0/0
`
  const asked = { ...packet, inputInterface: 'eth0' }
  expect(answer(await ask(`${nft}$ iptables -L -n\n${listing}`, asked))).toBe('none, partial')
  expect((await ask(`${nft}$ iptables -L -n\n${listing}`, asked)).unknown).toEqual([
    'table nat is not in the dump: nothing in it is looked at',
  ])
})
