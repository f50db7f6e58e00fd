import type { Log } from '../../util/log.ts'
import { listChains, listRules } from '../foreign/ruleset.ts'
import { readLegacyTable } from '../foreign/legacy.ts'
import type { Libc } from '../libc.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import { NetlinkSocket } from '../netlink/socket.ts'
import { NETLINK_NETFILTER } from '../netlink/wire.ts'
import { getGeneration, getTable } from '../nftables/dumps.ts'
import { Transactions } from '../nftables/transactions.ts'
import { KernelError } from '../errors.ts'
import { type BackEndEvidence, chooseBackEnd, HINTS } from './back-end.ts'
import { IptablesConnection } from './connection.ts'
import { legacyTables } from './legacy-watch.ts'
import { NftRestore } from './nft-restore.ts'
import { readNftTable } from './nft-tables.ts'
import { defaultBackEnd, findPrograms } from './programs.ts'
import type { Iptables, IptablesBackEnd, IptablesFamily } from './types.ts'

/** Events of foreign rulesets of about 100,000 rules may wait while the event loop is busy. */
const EVENT_BUFFER = 32 << 20
const TABLES: ReadonlySet<string> = new Set(['filter', 'nat', 'mangle', 'raw', 'security'])
const families: readonly IptablesFamily[] = ['ip', 'ip6']

export interface OpenOptions {
  readonly libc: Libc
  readonly log: Log
  /** null: found out */
  readonly backEnd: IptablesBackEnd | null
}

/** @throws KernelError where the back end's programs are missing or too old */
export const openIptables = async ({ libc, log, backEnd: wanted }: OpenOptions): Promise<Iptables> => {
  const socket = new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER })
  const requests = new NetlinkRequests(socket)
  try {
    const backEnd = wanted ?? (await findBackEnd(libc, requests, log))
    const programs = await findPrograms(backEnd)
    // the kernel walks all rules of a table for each rule that is added, however short the request
    const writing = backEnd === 'nft' ? new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER, threadFrom: 0 }) : null
    return new IptablesConnection({
      programs,
      libc,
      nft: writing && { port: writing.portId, restore: new NftRestore(new Transactions(writing), requests) },
      openEvents: () => new NetlinkSocket(libc, { protocol: NETLINK_NETFILTER, receiveBuffer: EVENT_BUFFER }),
      generation: () => requests.ask(getGeneration),
      tableExists: (family, table) => exists(requests, family, table),
      readNft: (family, table, needed) => readNftTable(requests, { family, table }, needed),
      close: () => {
        writing?.[Symbol.dispose]()
        socket[Symbol.dispose]()
      },
    })
  } catch (error) {
    socket[Symbol.dispose]()
    throw error
  }
}

const exists = async (requests: NetlinkRequests, family: IptablesFamily, table: string): Promise<boolean> => {
  try {
    return await requests.ask(getTable(family, table))
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return false
    throw error
  }
}

const findBackEnd = async (libc: Libc, requests: NetlinkRequests, log: Log): Promise<IptablesBackEnd> => {
  const { backEnd, because } = chooseBackEnd(
    { nft: await nftEvidence(requests), legacy: legacyEvidence(libc) },
    await defaultBackEnd(),
  )
  log.info({ backEnd, because }, 'iptables back end')
  return backEnd
}

const nftEvidence = async (requests: NetlinkRequests): Promise<BackEndEvidence> => {
  const chains = (await listChains(requests)).filter(
    ({ family, table }) => (family === 'ip' || family === 'ip6') && TABLES.has(table),
  )
  const has = (table: string, names: readonly string[]): boolean =>
    chains.some((chain) => chain.table === table && names.includes(chain.name))
  const proxied = has('nat', ['KUBE-SERVICES'])
  const hint = has('mangle', HINTS)
  // their rules are only read where they decide
  const rules = hint || proxied ? 0 : await countRules(requests, chains)
  return { hint, proxied, rules }
}

const countRules = async (
  requests: NetlinkRequests,
  chains: Awaited<ReturnType<typeof listChains>>,
): Promise<number> => {
  let rules = 0
  for (const { family, table, name } of chains)
    if (family === 'ip' || family === 'ip6') rules += (await listRules(requests, { family, table, name })).length
  return rules
}

/** Where a chain stands, told without starting a program. */
export const backEndsWith = async (
  libc: Libc,
  requests: NetlinkRequests,
  { table, chain }: { readonly table: string; readonly chain: string },
): Promise<readonly IptablesBackEnd[]> => {
  const found: IptablesBackEnd[] = []
  const isIt = (one: { family: string; table: string; name: string }): boolean =>
    (one.family === 'ip' || one.family === 'ip6') && one.table === table && one.name === chain
  if ((await listChains(requests)).some(isIt)) found.push('nft')
  const inLegacy = (family: IptablesFamily): boolean =>
    legacyTables(family).includes(table) && readLegacyTable(libc, family, table).some(({ name }) => name === chain)
  if (families.some(inLegacy)) found.push('legacy')
  return found
}

const legacyEvidence = (libc: Libc): BackEndEvidence => {
  const evidence = { hint: false, proxied: false, rules: 0 }
  for (const family of families)
    for (const table of legacyTables(family)) {
      const chains = readLegacyTable(libc, family, table)
      if (table === 'mangle' && chains.some(({ name }) => HINTS.includes(name))) evidence.hint = true
      if (table === 'nat' && chains.some(({ name }) => name === 'KUBE-SERVICES')) evidence.proxied = true
      evidence.rules += chains.reduce((sum, chain) => sum + chain.rules, 0)
    }
  return evidence
}
