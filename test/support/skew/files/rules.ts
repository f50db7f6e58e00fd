import type { NodeObservation, Observation, ServiceFacts } from '../../../../src/inspect/skew/observation.ts'
import { addressOf, clusterAddress, port } from './objects.ts'

export const ipvsSchedulers: ReadonlySet<string> = new Set(['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'sh', 'dh', 'mh'])

/** What a node says of its rules and counters, a text for each listing. Pods that left the rules have no counters any more. */
export const printRules = (node: NodeObservation, observation: Observation): readonly string[] => {
  const { facts, backends, nodes = [] } = observation
  const open = facts.counted === 'open'
  const scheduler = node.scheduler ?? facts.scheduler ?? ''
  if (node.odds === null) return []
  return ipvsSchedulers.has(scheduler)
    ? ipvs(node, scheduler, facts, open, nodes.length === 1 ? backends.map(({ opened }) => opened) : [])
    : [iptables(node, facts, open)]
}

const chosen = ({ odds }: NodeObservation): readonly { readonly i: number; readonly odds: number }[] =>
  (odds ?? []).flatMap((p, i) => (p > 0 ? [{ i, odds: p }] : []))

/** `iptables-save -c`; without `-c` where only open connections are counted */
const iptables = (node: NodeObservation, { affinity }: ServiceFacts, open: boolean): string => {
  const pods = chosen(node)
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  const counter = (count: number): string => (open ? '' : `[${count}:${count * 60}] `)
  const service = 'KUBE-SVC-LOLE4ISW44XBNF3G'
  const sep = (i: number): string => `KUBE-SEP-${String(i).padStart(16, 'A')}`
  const rest = pods.map((_, at) => pods.slice(at).reduce((total, { odds }) => total + odds, 0))
  const left = pods.map((_, at) => sum(pods.slice(at).map(({ i }) => node.counts[i] ?? 0)))
  const probability = (at: number): string => ((pods[at]?.odds ?? 0) / (rest[at] ?? 1)).toFixed(10)
  const kept = pods.map(
    ({ i }) =>
      `${counter(0)}-A ${service} -m comment --comment "default/web" -m recent --rcheck --seconds 10800 --reap --name ${sep(i)} --mask 255.255.255.255 --rsource -j ${sep(i)}`,
  )
  return [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':KUBE-SERVICES - [0:0]',
    `:${service} - [0:0]`,
    ...pods.map(({ i }) => `:${sep(i)} - [0:0]`),
    `${counter(left[0] ?? 0)}-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`,
    `${counter(0)}-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`,
    `${counter(left[0] ?? 0)}-A KUBE-SERVICES -d ${clusterAddress}/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j ${service}`,
    ...(affinity === 'ClientIP' ? kept : []),
    ...pods.map(
      ({ i }, at) =>
        `${counter(node.counts[i] ?? 0)}-A ${service} -m comment --comment "default/web -> ${addressOf(i)}:${port}"${
          at === pods.length - 1 ? '' : ` -m statistic --mode random --probability ${probability(at)}`
        } -j ${sep(i)}`,
    ),
    ...pods.map(
      ({ i }) =>
        `${counter(node.counts[i] ?? 0)}-A ${sep(i)} -p tcp -m comment --comment "default/web"${
          affinity === 'ClientIP' ? ` -m recent --set --name ${sep(i)} --mask 255.255.255.255 --rsource` : ''
        } -m tcp -j DNAT --to-destination ${addressOf(i)}:${port}`,
    ),
    'COMMIT',
    '',
  ].join('\n')
}

/** `ipvsadm -Ln` and, of what was opened, `ipvsadm -Ln --stats` */
const ipvs = (
  node: NodeObservation,
  scheduler: string,
  facts: ServiceFacts,
  open: boolean,
  openedAll: readonly (number | undefined)[],
): readonly string[] => {
  const pods = chosen(node)
  const least = Math.min(...pods.map(({ odds }) => odds))
  const flags = facts.affinity === 'ClientIP' ? ' persistent 10800' : ''
  const heading = 'IP Virtual Server version 1.2.1 (size=4096)\n'
  const count = (i: number): number => node.counts[i] ?? 0
  const opened = (i: number): number => (open ? (openedAll[i] ?? 0) : count(i))
  const all = pods.reduce((total, { i }) => total + opened(i), 0)
  const list = `${heading}Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  ${clusterAddress}:80 ${scheduler}${flags}
${pods.map(({ i, odds }) => `  -> ${addressOf(i)}:${port}   Masq    ${Math.max(1, Math.round(odds / least))}      ${open ? count(i) : 0}          0\n`).join('')}`
  const stats = `${heading}Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  ${clusterAddress}:80   ${all}   ${all * 5}   ${all * 5}   ${all * 300}   ${all * 300}
${pods.map(({ i }) => `  -> ${addressOf(i)}:${port}   ${opened(i)}   ${opened(i) * 5}   ${opened(i) * 5}   ${opened(i) * 300}   ${opened(i) * 300}\n`).join('')}`
  return open && openedAll.every((each) => each === undefined) ? [list] : [list, stats]
}
