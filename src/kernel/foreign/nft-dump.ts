import { Attributes, Fault } from '../netlink/reader.ts'
import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import { getGeneration, listElements } from '../nftables/dumps.ts'
import { assembleElements } from '../nftables/elements.ts'
import { readExpressions } from '../nftables/expression-reader.ts'
import { attributesOf } from '../nftables/objects.ts'
import type { NftElement, NftExpr, NftFamily } from '../nftables/types.ts'
import { commentOf } from '../nftables/userdata.ts'
import {
  chainAttribute,
  hookAttribute,
  NF_DROP,
  NFT_MSG_GETCHAIN,
  NFT_MSG_GETOBJ,
  NFT_MSG_GETRULE,
  NFT_MSG_GETSET,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWOBJ,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWTABLE,
  objectAttribute,
  ruleAttribute,
  setAttribute,
  setDescription,
  setFlag,
  tableAttribute,
} from '../nftables/wire.ts'
import { KernelError } from '../errors.ts'
import { type ForeignFamily, question, type Read } from './ruleset.ts'

export interface DumpedTable {
  readonly family: ForeignFamily
  readonly table: string
  /** its chains see no packet (NFT_TABLE_F_DORMANT) */
  readonly dormant: boolean
}

export interface DumpedChain {
  readonly family: ForeignFamily
  readonly table: string
  readonly name: string
  /** null: reached by jumps only. `hook` is the kernel's number within the family, `type` as filter, nat, route */
  readonly hook: {
    readonly number: number
    readonly priority: number
    readonly type: string
    readonly policy: 'accept' | 'drop'
  } | null
}

export interface DumpedRule {
  readonly family: ForeignFamily
  readonly table: string
  readonly chain: string
  readonly handle: number
  readonly comment: string
  readonly expressions: readonly NftExpr[]
}

export interface DumpedSet {
  readonly family: ForeignFamily
  readonly table: string
  readonly name: string
  readonly isMap: boolean
  readonly interval: boolean
  /** packets add elements */
  readonly dynamic: boolean
  /** of a key, in bytes */
  readonly keyLength: number
  /** parts of the key, with their bytes where the kernel knows them (intervals of concatenations); else empty */
  readonly parts: readonly number[]
}

/** A limit, quota or number of connections with a name (NFT_OBJECT_*). */
export interface DumpedObject {
  readonly family: ForeignFamily
  readonly table: string
  readonly type: number
  readonly name: string
  /** it matches beyond its bound */
  readonly over: boolean
}

/** One namespace's nf_tables as it was at one generation. Elements only of the families ip, ip6 and inet. */
export interface NftDump {
  readonly tables: readonly DumpedTable[]
  readonly chains: readonly DumpedChain[]
  readonly rules: readonly DumpedRule[]
  readonly objects: readonly DumpedObject[]
  readonly sets: readonly { readonly set: DumpedSet; readonly elements: readonly NftElement[] }[]
}

/** Others may change the ruleset between two of the questions; so often all of them are asked again. */
const TRIES = 5

/**
 * Everything of everybody, whatever wrote it. Throws KernelError EINTR where the ruleset changes all the time, EPERM without
 * CAP_NET_ADMIN.
 */
export const dumpNftables = async (requests: NetlinkRequests): Promise<NftDump> => {
  for (let tried = 1; ; tried++) {
    const before = await requests.ask(getGeneration)
    const dump = await dumpOnce(requests).catch((error: unknown) => {
      // a table went away between two questions
      if (error instanceof KernelError && error.errno === 'ENOENT') return null
      throw error
    })
    if (dump !== null && before === (await requests.ask(getGeneration))) return dump
    if (tried === TRIES)
      throw new KernelError({
        operation: 'nftables dump',
        errno: 'EINTR',
        detail: `others changed the ruleset during each of ${TRIES} dumps`,
      })
  }
}

const dumpOnce = async (requests: NetlinkRequests): Promise<NftDump> => {
  const tables = await requests.dump(question('list tables', NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, () => {}, readTable))
  const chains = await requests.dump(question('list chains', NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, () => {}, readChain))
  const rules = await requests.dump(question('list rules', NFT_MSG_GETRULE, NFT_MSG_NEWRULE, () => {}, readRule))
  const objects = await requests.dump(question('list objects', NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ, () => {}, readObject))
  const listed = await requests.dump(question('list sets', NFT_MSG_GETSET, NFT_MSG_NEWSET, () => {}, readSet))
  const sets: { set: DumpedSet; elements: readonly NftElement[] }[] = []
  for (const set of listed) {
    if (!isInternet(set.family)) continue
    const shape = { name: set.name, interval: set.interval, concatenated: set.parts.length > 1 }
    const dumped = await requests.dump(listElements(set.family, set.table, shape))
    sets.push({ set, elements: assembleElements(shape, dumped) })
  }
  return { tables, chains, rules, objects, sets }
}

const isInternet = (family: ForeignFamily): family is NftFamily =>
  family === 'ip' || family === 'ip6' || family === 'inet'

/** NFT_TABLE_F_DORMANT */
const DORMANT = 1

const readTable: Read<DumpedTable> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let [table, flags] = ['', 0]
  while (attributes.next()) {
    if (attributes.type === tableAttribute.name) table = attributes.string()
    else if (attributes.type === tableAttribute.flags) flags = attributes.u32be()
  }
  return { family, table, dormant: (flags & DORMANT) !== 0 }
}

const readChain: Read<DumpedChain> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let [table, name, type] = ['', '', '']
  let policy: 'accept' | 'drop' = 'accept'
  let hook: { number: number; priority: number } | null = null
  while (attributes.next()) {
    if (attributes.type === chainAttribute.table) table = attributes.string()
    else if (attributes.type === chainAttribute.name) name = attributes.string()
    else if (attributes.type === chainAttribute.type) type = attributes.string()
    else if (attributes.type === chainAttribute.policy) policy = attributes.u32be() === NF_DROP ? 'drop' : 'accept'
    else if (attributes.type === chainAttribute.hook) hook = readHook(attributes.nested())
  }
  return { family, table, name, hook: hook === null ? null : { ...hook, type, policy } }
}

const readHook = (attributes: Attributes): { number: number; priority: number } => {
  const hook = { number: -1, priority: 0 }
  while (attributes.next()) {
    if (attributes.type === hookAttribute.number) hook.number = attributes.u32be()
    else if (attributes.type === hookAttribute.priority) hook.priority = attributes.u32be() | 0
  }
  return hook
}

const readRule: Read<DumpedRule> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let [table, chain, comment, handle] = ['', '', '', 0]
  let expressions: readonly NftExpr[] = []
  while (attributes.next()) {
    if (attributes.type === ruleAttribute.table) table = attributes.string()
    else if (attributes.type === ruleAttribute.chain) chain = attributes.string()
    else if (attributes.type === ruleAttribute.handle) handle = attributes.u64be()
    else if (attributes.type === ruleAttribute.expressions) expressions = readExpressions(attributes.nested())
    else if (attributes.type === ruleAttribute.userdata) comment = commentOf(attributes.raw())
  }
  return { family, table, chain, handle, comment, expressions }
}

/** Where each kind of object has its flags (NFTA_QUOTA_FLAGS, NFTA_LIMIT_FLAGS, NFTA_CONNLIMIT_FLAGS); 1: beyond the bound */
const objectFlags: ReadonlyMap<number, number> = new Map([
  [2, 2],
  [4, 5],
  [5, 2],
])

const readObject: Read<DumpedObject> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let [table, name, type, over] = ['', '', 0, false]
  while (attributes.next()) {
    if (attributes.type === objectAttribute.table) table = attributes.string()
    else if (attributes.type === objectAttribute.name) name = attributes.string()
    else if (attributes.type === objectAttribute.type) type = attributes.u32be()
    else if (attributes.type === objectAttribute.data) {
      const flags = objectFlags.get(type)
      const data = attributes.nested()
      while (data.next()) if (data.type === flags) over = (data.u32be() & 1) !== 0
    }
  }
  return { family, table, type, name, over }
}

const readSet: Read<DumpedSet> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let [table, name, flags, keyLength] = ['', '', 0, 0]
  let parts: readonly number[] = []
  while (attributes.next()) {
    if (attributes.type === setAttribute.table) table = attributes.string()
    else if (attributes.type === setAttribute.name) name = attributes.string()
    else if (attributes.type === setAttribute.flags) flags = attributes.u32be()
    else if (attributes.type === setAttribute.keyLength) keyLength = attributes.u32be()
    else if (attributes.type === setAttribute.description) parts = readParts(attributes.nested())
  }
  const has = (flag: number): boolean => (flags & flag) !== 0
  return {
    family,
    table,
    name,
    isMap: has(setFlag.map | setFlag.object),
    interval: has(setFlag.interval),
    dynamic: has(setFlag.eval),
    keyLength,
    parts,
  }
}

/** NFTA_SET_DESC_CONCAT: a list of lengths. */
const readParts = (attributes: Attributes): readonly number[] => {
  const parts: number[] = []
  while (attributes.next()) {
    if (attributes.type !== setDescription.concatenation) continue
    const list = attributes.nested()
    while (list.next()) {
      const field = list.nested()
      while (field.next()) parts.push(field.u32be())
    }
  }
  return parts
}

/** The attributes inside an expression that was read as unknown: NFTA_EXPR_DATA by its raw bytes. */
export const rawAttributes = (raw: string): Attributes => {
  const bytes = Buffer.from(raw, 'latin1')
  return new Attributes(bytes, 0, bytes.length, new Fault())
}

/** Names of the namespace's interfaces by index. */
export const listLinks = (requests: NetlinkRequests): Promise<readonly { index: number; name: string }[]> =>
  requests.dump(links)

/** struct ifinfomsg: family, pad (u8), type (u16), index (i32), flags, change (u32) */
const IFINFOMSG = 16
const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const IFLA_IFNAME = 3

const links: Request<{ index: number; name: string }> = {
  operation: 'rtnetlink list links',
  object: '',
  write(writer, flags, sequence) {
    writer.begin(RTM_GETLINK, flags, sequence)
    writer.append('\0'.repeat(IFINFOMSG))
    writer.end()
  },
  decode({ type, bytes, start, end }, fault, into) {
    if (type !== RTM_NEWLINK || end - start < IFINFOMSG) return
    const attributes = new Attributes(bytes, start + IFINFOMSG, end, fault)
    let name = ''
    while (attributes.next()) if (attributes.type === IFLA_IFNAME) name = attributes.string()
    into.push({ index: bytes.readInt32LE(start + 4), name })
  },
}
