import { describe, expect, test } from 'vitest'
import { answer, ask, empty, filter, packet, problemsOf, right, whole } from '../../../test/support/pasted-dumps.ts'
import { readDumps } from './read.ts'
import { surveyNode } from './survey.ts'

/** Listings of several machines and namespaces, and of less than a node. */

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
