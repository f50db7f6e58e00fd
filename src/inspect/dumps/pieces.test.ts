import { describe, expect, test } from 'vitest'
import { answer, ask, endpoints, filter, problemsOf, right, rules, whole } from '../../../test/support/pasted-dumps.ts'

/** Pieces of tables, as grep and people leave them. */

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
