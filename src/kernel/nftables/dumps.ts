import type { Message } from '../netlink/messages.ts'
import type { Request } from '../netlink/requests.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { NFGENMSG, NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import { type DumpedElement, readElements } from './elements.ts'
import { attributesOf, familyNumbers, readChain, readCounter, readRule } from './objects.ts'
import { readSet } from './sets.ts'
import type { NftChain, NftCounter, NftFamily, NftRuleDump, NftSet } from './types.ts'
import {
  chainAttribute,
  elementListAttribute,
  generationAttribute,
  NFT_MSG_GETCHAIN,
  NFT_MSG_GETGEN,
  NFT_MSG_GETOBJ,
  NFT_MSG_GETRULE,
  NFT_MSG_GETSET,
  NFT_MSG_GETSETELEM,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWGEN,
  NFT_MSG_NEWOBJ,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWSETELEM,
  NFT_MSG_NEWTABLE,
  NFT_OBJECT_COUNTER,
  objectAttribute,
  ruleAttribute,
  setAttribute,
  tableAttribute,
} from './wire.ts'

/** A question about a table: which message asks, which answers, and what filters in the kernel. */
interface Question<T> {
  readonly what: string
  readonly family: NftFamily
  readonly object: string
  readonly ask: number
  readonly answer: number
  readonly filter: (writer: MessageWriter) => void
  readonly decode: Request<T>['decode']
  readonly plausible?: (found: readonly T[]) => boolean
}

function request<T>({ what, family, object, ask, answer, filter, decode, plausible }: Question<T>): Request<T> {
  const type = (NFNL_SUBSYS_NFTABLES << 8) | answer
  return {
    operation: `nftables ${what}`,
    object: `${family} ${object}`,
    write(writer, flags, sequence) {
      writer.beginNetfilter((NFNL_SUBSYS_NFTABLES << 8) | ask, flags, sequence, familyNumbers[family])
      filter(writer)
      writer.end()
    },
    decode(message, fault, into) {
      if (message.type === type) decode(message, fault, into)
    },
    generation: generationOf,
    ...(plausible === undefined ? {} : { plausible }),
  }
}

/** nfgenmsg.res_id: the lower 16 bits of the generation. Dumps of elements have no other sign that somebody changed them midway. */
const generationOf = ({ bytes, start, end }: Message): number =>
  end - start < NFGENMSG ? 0 : bytes.readUInt16BE(start + 2)

/** Not a dump. ENOENT: there is none. */
export const getTable = (family: NftFamily, table: string): Request<true> =>
  request({
    what: 'get table',
    family,
    object: table,
    ask: NFT_MSG_GETTABLE,
    answer: NFT_MSG_NEWTABLE,
    filter: (writer) => writer.string(tableAttribute.name, table),
    decode: (_message, _fault, into) => into.push(true),
  })

/** Not a dump. ENOENT: there is none. */
export const getChain = (family: NftFamily, table: string, chain: string): Request<true> =>
  request({
    what: 'get chain',
    family,
    object: `${table} ${chain}`,
    ask: NFT_MSG_GETCHAIN,
    answer: NFT_MSG_NEWCHAIN,
    filter: (writer) => {
      writer.string(chainAttribute.table, table)
      writer.string(chainAttribute.name, chain)
    },
    decode: (_message, _fault, into) => into.push(true),
  })

/** The kernel filters by family only, so other tables' chains come too and are passed over. */
export const listChains = (family: NftFamily, table: string): Request<NftChain> =>
  request({
    what: 'list chains',
    family,
    object: table,
    ask: NFT_MSG_GETCHAIN,
    answer: NFT_MSG_NEWCHAIN,
    filter: () => {},
    decode: (message, fault, into) => push(into, readChain(attributesOf(message, fault), table)),
  })

export const listRules = (family: NftFamily, table: string, chain: string | undefined): Request<NftRuleDump> =>
  request({
    what: 'list rules',
    family,
    object: chain === undefined ? table : `${table} ${chain}`,
    ask: NFT_MSG_GETRULE,
    answer: NFT_MSG_NEWRULE,
    filter: (writer) => {
      writer.string(ruleAttribute.table, table)
      if (chain !== undefined) writer.string(ruleAttribute.chain, chain)
    },
    decode: (message, fault, into) => push(into, readRule(attributesOf(message, fault), table)),
  })

export const listSets = (family: NftFamily, table: string): Request<NftSet> =>
  request({
    what: 'list sets',
    family,
    object: table,
    ask: NFT_MSG_GETSET,
    answer: NFT_MSG_NEWSET,
    filter: (writer) => writer.string(setAttribute.table, table),
    decode: (message, fault, into) => push(into, readSet(attributesOf(message, fault), table)),
  })

export const listElements = (
  family: NftFamily,
  table: string,
  set: Pick<NftSet, 'name' | 'interval'>,
): Request<DumpedElement> =>
  request({
    what: 'list elements',
    family,
    object: `${table} ${set.name}`,
    ask: NFT_MSG_GETSETELEM,
    answer: NFT_MSG_NEWSETELEM,
    filter: (writer) => {
      writer.string(elementListAttribute.table, table)
      writer.string(elementListAttribute.set, set.name)
    },
    decode: (message, fault, into) => {
      const attributes = attributesOf(message, fault)
      while (attributes.next())
        if (attributes.type === elementListAttribute.elements) readElements(attributes.nested(), into)
    },
    plausible: (found) => set.interval || namesEachOnce(found),
  })

/**
 * A hash table that grows (it does so in the background after many additions) is walked in an order that changes midway: the kernel
 * goes on after as many elements as it has told, so that each one told twice stands for one not told.
 */
const namesEachOnce = (found: readonly DumpedElement[]): boolean =>
  new Set(found.map((element) => ('key' in element ? element.key : element.intervalEnd))).size === found.length

export const listCounters = (family: NftFamily, table: string): Request<NftCounter> =>
  request({
    what: 'list counters',
    family,
    object: table,
    ask: NFT_MSG_GETOBJ,
    answer: NFT_MSG_NEWOBJ,
    filter: (writer) => {
      writer.string(objectAttribute.table, table)
      writer.u32be(objectAttribute.type, NFT_OBJECT_COUNTER)
    },
    decode: (message, fault, into) => push(into, readCounter(attributesOf(message, fault), table)),
  })

/** Not a dump. */
export const getGeneration: Request<number> = {
  operation: 'nftables get generation',
  object: '',
  write(writer, flags, sequence) {
    writer.beginNetfilter((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN, flags, sequence, 0)
    writer.end()
  },
  decode(message, fault, into) {
    if (message.type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN)) return
    const attributes = attributesOf(message, fault)
    while (attributes.next()) if (attributes.type === generationAttribute.id) into.push(attributes.u32be())
  },
}

function push<T>(into: T[], item: T | null): void {
  if (item !== null) into.push(item)
}
