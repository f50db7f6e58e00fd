import type { Ipset } from '../../rules/iptables/index.ts'
import type { Table } from '../../rules/model.ts'
import { readConntrack } from './conntrack.ts'
import { cutDump } from './cutting/cut.ts'
import type { DumpFile, DumpPart } from './cutting/parts.ts'
import type { Dialect } from './cutting/dialect.ts'
import { type InterfaceRoute, type Interfaces, readIpAddr, readIpAddrJson, readIpRoute } from './interfaces.ts'
import { ipvsState } from './ipvs/join.ts'
import { hintOf } from './iptables-hint.ts'
import { readIpvsList } from './ipvs/list.ts'
import { readIpvsSave } from './ipvs/save.ts'
import { ipvsTables } from './ipvs/tables.ts'
import { joinNft } from './nft-rules/join.ts'
import type { NftRuleset } from './nft-rules/ruleset.ts'
import { nodePortAddresses } from './node-ports.ts'
import type { NodeRules } from './node.ts'
import type { DumpProblem } from './problem.ts'

/** Files cut into listings: rules go to `readParts`, objects name things. */
export interface CutDumps {
  readonly parts: readonly DumpPart[]
  readonly objects: readonly DumpPart[]
  readonly problems: readonly DumpProblem[]
}

export const cutDumps = (files: readonly DumpFile[]): CutDumps => {
  const cut = files.map(cutDump)
  const all = cut.flatMap(({ parts }) => parts)
  return {
    parts: all.filter(({ dialect }) => dialect !== 'objects'),
    objects: all.filter(({ dialect }) => dialect === 'objects'),
    problems: cut.flatMap(({ problems }) => problems),
  }
}

/** What is read: listings, and what was not a listing to begin with (a live kernel). */
export interface Gathered extends Pick<CutDumps, 'parts' | 'problems'> {
  readonly nft?: NftRuleset
  /** every address of the node */
  readonly interfaces?: Interfaces
  /** default false */
  readonly complete?: boolean
}

export interface ReadOptions {
  /** of the node, default '' */
  readonly name?: string
  /** of its Node object, where there is no `ip addr` */
  readonly nodeAddresses?: readonly string[]
}

/** Everything that several files say of one node. A file that nothing can be made of is a problem that makes every answer partial. */
export const readDumps = async (files: readonly DumpFile[], options: ReadOptions = {}): Promise<NodeRules> =>
  readParts(cutDumps(files), options)

export const readParts = async (
  { parts, problems, ...live }: Gathered,
  { name = '', nodeAddresses = [] }: ReadOptions = {},
): Promise<NodeRules> => {
  const of = (...dialects: readonly Dialect[]): readonly DumpPart[] =>
    parts.filter(({ dialect }) => dialects.includes(dialect))
  const nft = await nftTables(of('nft list ruleset', 'nft -j list ruleset'), live.nft)
  const iptables = await iptablesTables(
    of('iptables-save', 'iptables -nvL'),
    of('ipset list', 'ipset save'),
    nft.iptables,
  )
  const ipvs = ipvsState([...of('ipvsadm -Ln').map(readIpvsList), ...of('ipvsadm -Sn').map(readIpvsSave)])
  const interfaces = joined([
    ...of('ip addr').map(readIpAddr),
    ...of('ip -j addr').map(readIpAddrJson),
    ...of('ip route').map(readIpRoute),
    ...(live.interfaces === undefined ? [] : [{ ...live.interfaces, whole: true }]),
  ])
  const flows = of('conntrack -L')
  const said = [...interfaces.addresses, ...nodeAddresses].filter((address) => !isLoopback(address))
  return {
    name,
    tables: [
      ...withoutCopies(nft, iptables.tables),
      ...iptables.tables,
      ...(ipvs.state === null ? [] : ipvsTables(ipvs.state)),
    ],
    ipvs: ipvs.state,
    conntrack: flows.length === 0 ? null : flows.flatMap(readConntrack),
    addresses: new Set(interfaces.whole ? said : [...said, ...nodePortAddresses(nft.tables)]),
    addressesFrom: interfaces.whole ? 'listing' : nodeAddresses.length > 0 ? 'node' : 'unknown',
    routes: interfaces.routes,
    complete: live.complete ?? false,
    problems: [...problems, ...nft.problems, ...iptables.problems, ...ipvs.problems, ...interfaces.problems],
  }
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

interface ReadTables {
  readonly tables: readonly Table[]
  readonly problems: readonly DumpProblem[]
}

/** Blank lines before a part keep its line numbers those of the file. */
const placed = ({ line, text }: DumpPart): string => '\n'.repeat(line - 1) + text

const nftTables = async (parts: readonly DumpPart[], live: NftRuleset | undefined): Promise<NftRuleset> => {
  const all = joinNft([...(live === undefined ? [] : [live]), ...(await Promise.all(parts.map(readNft)))])
  return parts.length === 0 ? all : (await import('./kube-proxy-pieces.ts')).linkPieces(all)
}

const readNft = async (part: DumpPart): Promise<NftRuleset> => {
  if (part.dialect === 'nft list ruleset')
    return (await import('./nft-text/index.ts')).readNftText(placed(part), part.file)
  return (await import('./nft-json/index.ts')).readNftJson(placed(part), part.file)
}

/** `shown`: tables that nft shows better than a listing without -v. */
const iptablesTables = async (
  parts: readonly DumpPart[],
  sets: readonly DumpPart[],
  shown: ReadonlySet<string>,
): Promise<ReadTables> => {
  if (parts.length === 0) return { tables: [], problems: [] }
  const { joinRulesets, parseListing, parseSave, tablesOf, withoutBlind } = await import(
    '../../rules/iptables/index.ts'
  )
  const rulesets = parts.map((part) =>
    (part.dialect === 'iptables-save' ? parseSave : parseListing)(placed(part), part.file, hintOf(part)),
  )
  const ruleset = joinRulesets(rulesets.map((one) => withoutBlind(one, shown)))
  const ipsets = await readIpsets(sets)
  return { tables: tablesOf(ruleset, ipsets.sets), problems: [...ruleset.problems, ...ipsets.problems] }
}

interface ReadIpsets {
  readonly sets: ReadonlyMap<string, Ipset>
  readonly problems: readonly DumpProblem[]
}

const readIpsets = async (parts: readonly DumpPart[]): Promise<ReadIpsets> => {
  if (parts.length === 0) return { sets: new Map(), problems: [] }
  const { parseIpsets } = await import('./ipset/ipset.ts')
  const read = parts.map((part) => parseIpsets(placed(part), part.file))
  return { sets: new Map(read.flatMap(({ sets }) => [...sets])), problems: read.flatMap(({ problems }) => problems) }
}

/** A table of iptables-nft that was dumped by iptables-save and by nft would meet every packet twice. */
const withoutCopies = (nft: NftRuleset, iptables: readonly Table[]): readonly Table[] => {
  const dumped = new Set(iptables.map(({ family, name }) => `${family} ${name}`))
  return nft.tables.filter(({ family, name }) => {
    const key = `${family} ${name}`
    return !(nft.iptables.has(key) && dumped.has(key))
  })
}

const joined = (all: readonly Interfaces[]): Interfaces & { readonly whole: boolean } => ({
  whole: all.some(({ whole = false }) => whole),
  addresses: all.flatMap(({ addresses }) => addresses),
  routes: all.flatMap(({ routes }): readonly InterfaceRoute[] => routes),
  problems: all.flatMap(({ problems }) => problems),
})
