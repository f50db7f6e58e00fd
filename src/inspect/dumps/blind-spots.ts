import { familyOf } from '../../model/address.ts'
import type { Packet, Trace } from '../../model/packet.ts'
import type { Chain, Table } from '../../rules/model.ts'
import type { NodeRules } from './node.ts'

/** What no rule that was read can tell about an answer. */
export interface Unseen {
  readonly conditions: readonly string[]
  readonly unknown: readonly string[]
}

/**
 * Things that a dump shows traces of, but not the whole: a table left out, the other family, IPVS without its services, eBPF. An answer
 * that found a Service rests on them (a condition); one that found none may be wrong because of them (partial).
 */
export const blindSpots = (node: NodeRules): ((packet: Packet, trace: Trace) => Unseen) => {
  const spots = { ip: spotsOf(node, 'ip'), ip6: spotsOf(node, 'ip6') }
  return ({ to }, { verdict }) => {
    const texts = spots[familyOf(to) === 'IPv6' ? 'ip6' : 'ip']
    if (texts.length === 0) return { conditions: [], unknown: [] }
    const found = verdict !== 'none' && verdict !== 'accept'
    return found ? { conditions: texts, unknown: [] } : { conditions: [], unknown: texts }
  }
}

const spotsOf = (node: NodeRules, family: 'ip' | 'ip6'): readonly string[] => {
  const tables = node.tables.filter((table) => table.family === family || table.family === 'inet')
  const spots: string[] = []
  if (tables.some(({ chains }) => hasChain(chains, 'CILIUM_')))
    spots.push(
      "Cilium's chains are here: its eBPF programs may translate before these rules, which no dump of rules shows",
    )
  if (node.complete) return spots
  if (tables.length === 0) spots.push(`the dump has no rules of ${family === 'ip' ? 'IPv4' : 'IPv6'}`)
  for (const name of absentTables(tables)) spots.push(`table ${name} is not in the dump: nothing in it is looked at`)
  const cluster = node.ipvs === null && tables.some(({ chains }) => readsIpset(chains, 'KUBE-CLUSTER-IP'))
  if (cluster)
    spots.push('kube-proxy runs in IPVS mode here and its virtual services are not in the dump: add ipvsadm -Ln')
  return spots
}

const iptablesTables = new Set(['raw', 'mangle', 'nat', 'filter', 'security'])

/**
 * iptables-save -t nat leaves out the table in which Services without endpoints are refused, and policies drop; a dump that was cut
 * between two tables lacks the later one.
 */
const absentTables = (tables: readonly Table[]): readonly string[] => {
  const own = tables.filter(
    ({ name, chains }) => iptablesTables.has(name) && builtIn.some((chain) => chains.has(chain)),
  )
  if (own.length === 0) return []
  return ['nat', 'filter'].filter((name) => !own.some((table) => table.name === name))
}

const builtIn = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']

const hasChain = (chains: ReadonlyMap<string, Chain>, prefix: string): boolean => {
  for (const name of chains.keys()) if (name.startsWith(prefix)) return true
  return false
}

const readsIpset = (chains: ReadonlyMap<string, Chain>, set: string): boolean =>
  chains.get('KUBE-SERVICES')?.rules.some(({ text }) => text?.includes(set)) ?? false
