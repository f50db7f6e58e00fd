import type { Message } from '../netlink/messages.ts'
import type { Fault } from '../netlink/reader.ts'
import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import { NFGENMSG, NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { readExpressions } from '../nftables/expression-reader.ts'
import { attributesOf, familyNumbers } from '../nftables/objects.ts'
import type { NftExpr, NftFamily } from '../nftables/types.ts'
import {
  chainAttribute,
  hookAttribute,
  NF_DROP,
  NFT_MSG_GETCHAIN,
  NFT_MSG_GETRULE,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWTABLE,
  ruleAttribute,
  tableAttribute,
} from '../nftables/wire.ts'

export type ForeignFamily = NftFamily | 'arp' | 'bridge' | 'netdev'

export interface ForeignTable {
  readonly family: ForeignFamily
  readonly table: string
}

export interface ForeignChain extends ForeignTable {
  readonly name: string
  /** null: reached by jumps only */
  readonly hook: { readonly number: number; readonly priority: number; readonly policy: 'accept' | 'drop' } | null
}

export interface ForeignRule extends ForeignTable {
  readonly chain: string
  readonly handle: number
  /** where it sends packets: `accept`, `drop`, `return`, `jump CHAIN`, `goto CHAIN`; else the kernel's names of its expressions that act */
  readonly targets: readonly string[]
}

/** NF_INET_FORWARD and NF_INET_LOCAL_IN (include/uapi/linux/netfilter.h). */
export const HOOK_INPUT = 1
export const HOOK_FORWARD = 2

const families: ReadonlyMap<number, ForeignFamily> = new Map([
  [1, 'inet'],
  [2, 'ip'],
  [3, 'arp'],
  [5, 'netdev'],
  [7, 'bridge'],
  [10, 'ip6'],
])

/** All tables of all families; chains and rules of others' tables, with what `src/kernel/nftables` leaves out of ours: handles. */
export const listTables = (requests: NetlinkRequests): Promise<readonly ForeignTable[]> =>
  requests.dump(question('list tables', NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, () => {}, readTable))

export const listChains = (requests: NetlinkRequests): Promise<readonly ForeignChain[]> =>
  requests.dump(question('list chains', NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, () => {}, readChain))

export const listRules = (
  requests: NetlinkRequests,
  { family, table, name }: { family: NftFamily; table: string; name: string },
): Promise<readonly ForeignRule[]> =>
  requests.dump(
    question(
      'list rules',
      NFT_MSG_GETRULE,
      NFT_MSG_NEWRULE,
      (writer) => {
        writer.string(ruleAttribute.table, table)
        writer.string(ruleAttribute.chain, name)
      },
      readRule,
      { number: familyNumbers[family], object: `${family} ${table} ${name}` },
    ),
  )

/** What a message about an object says. */
export type Read<T> = (message: Message, family: ForeignFamily, fault: Fault) => T

/** A dump of all objects of a kind, of every family. */
export const question = <T>(
  what: string,
  ask: number,
  answer: number,
  filter: (writer: MessageWriter) => void,
  read: Read<T>,
  of = { number: 0, object: '' },
): Request<T> => ({
  operation: `nftables ${what}`,
  object: of.object,
  write(writer, flags, sequence) {
    writer.beginNetfilter((NFNL_SUBSYS_NFTABLES << 8) | ask, flags, sequence, of.number)
    filter(writer)
    writer.end()
  },
  decode(message, fault, into) {
    const family = families.get(message.bytes[message.start] ?? -1)
    if (message.type === ((NFNL_SUBSYS_NFTABLES << 8) | answer) && family !== undefined)
      into.push(read(message, family, fault))
  },
  generation: ({ bytes, start, end }) => (end - start < NFGENMSG ? 0 : bytes.readUInt16BE(start + 2)),
})

const readTable: Read<ForeignTable> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let table = ''
  while (attributes.next()) if (attributes.type === tableAttribute.name) table = attributes.string()
  return { family, table }
}

const readChain: Read<ForeignChain> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let table = ''
  let name = ''
  let policy: 'accept' | 'drop' = 'accept'
  let hook: { number: number; priority: number } | null = null
  while (attributes.next()) {
    if (attributes.type === chainAttribute.table) table = attributes.string()
    else if (attributes.type === chainAttribute.name) name = attributes.string()
    else if (attributes.type === chainAttribute.policy) policy = attributes.u32be() === NF_DROP ? 'drop' : 'accept'
    else if (attributes.type === chainAttribute.hook) {
      hook = { number: -1, priority: 0 }
      const nested = attributes.nested()
      while (nested.next()) {
        if (nested.type === hookAttribute.number) hook.number = nested.u32be()
        else if (nested.type === hookAttribute.priority) hook.priority = nested.u32be() | 0
      }
    }
  }
  return { family, table, name, hook: hook === null ? null : { ...hook, policy } }
}

const readRule: Read<ForeignRule> = (message, family, fault) => {
  const attributes = attributesOf(message, fault)
  let table = ''
  let chain = ''
  let handle = 0
  let targets: readonly string[] = []
  while (attributes.next()) {
    if (attributes.type === ruleAttribute.table) table = attributes.string()
    else if (attributes.type === ruleAttribute.chain) chain = attributes.string()
    else if (attributes.type === ruleAttribute.handle) handle = attributes.u64be()
    else if (attributes.type === ruleAttribute.expressions) targets = targetsOf(readExpressions(attributes.nested()))
  }
  return { family, table, chain, handle, targets }
}

/** Expressions that decide about the packet; those that only look at it are left out. */
const targetsOf = (expressions: readonly NftExpr[]): readonly string[] =>
  expressions.flatMap((expression) => {
    switch (expression.name) {
      case 'verdict':
        return 'chain' in expression.verdict
          ? [`${expression.verdict.verdict} ${expression.verdict.chain}`]
          : [expression.verdict.verdict]
      case 'lookup':
        return expression.dreg === 0 ? [`vmap ${expression.set}`] : []
      case 'nat':
      case 'masq':
      case 'reject':
        return [expression.name]
      case 'unknown':
        return expression.kernelName === 'target' ? ['target'] : []
      default:
        return []
    }
  })
