import { readDumps } from '../../src/inspect/dumps/read.ts'
import { traceNode } from '../../src/inspect/dumps/trace-node.ts'
import type { Packet, Trace } from '../../src/model/packet.ts'

/** What people hand in, and what is found in it. */

export const packet: Packet = { from: '10.244.3.9', to: '10.96.0.20', port: 80, protocol: 'TCP' }

/** Where the packet goes by what is written there. */
export const ask = async (text: string, asked: Partial<Packet> = {}): Promise<Trace> =>
  traceNode(await readDumps([{ name: 'report.md', text }]))({ ...packet, ...asked })

/** `dnat, 10.244.3.40 1/2, …, masquerade false, partial` */
export const answer = ({ verdict, partial, masquerade, backends }: Trace): string =>
  [
    verdict,
    ...backends.map(({ address, probability: { numerator, denominator } }) => `${address} ${numerator}/${denominator}`),
    ...(verdict === 'dnat' ? [`masquerade ${String(masquerade)}`] : []),
    ...(partial ? ['partial'] : []),
  ].join(', ')

/** `12 what is wrong`, a doubt with ` !` */
export const problemsOf = async (text: string): Promise<readonly string[]> =>
  (await readDumps([{ name: 'report.md', text }])).problems.map(
    ({ line = 0, text: what, doubt = false }) => `${line} ${what}${doubt ? ' !' : ''}`,
  )

/** A Service's rules, and those of its two endpoints. */
export const rules = `-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SVC-WEB ! -s 10.244.0.0/16 -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ONE
-A KUBE-SVC-WEB -j KUBE-SEP-TWO
`
export const endpoints = `-A KUBE-SEP-ONE -p tcp -m tcp -j DNAT --to-destination 10.244.3.40:8080
-A KUBE-SEP-TWO -p tcp -m tcp -j DNAT --to-destination 10.244.4.41:8080
`
/** All of nat, as `iptables -S` lists it. */
export const whole = `-P PREROUTING ACCEPT
-P INPUT ACCEPT
-P OUTPUT ACCEPT
-P POSTROUTING ACCEPT
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
${rules}${endpoints}-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
`
export const empty = '-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n'
export const filter = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n'
/** What `whole` answers. */
export const right = 'dnat, 10.244.3.40 1/2, 10.244.4.41 1/2, masquerade false'
