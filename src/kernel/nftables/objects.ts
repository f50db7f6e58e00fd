import { Attributes, type Fault } from '../netlink/reader.ts'
import type { Message } from '../netlink/messages.ts'
import { NFGENMSG, NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 } from '../netlink/wire.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { counterAttribute } from './expression-wire.ts'
import { readExpressions } from './expression-reader.ts'
import { writeExpressions } from './expression-writer.ts'
import { commentOf, commentUserdata } from './userdata.ts'
import type { NftChain, NftCounter, NftFamily, NftHook, NftRule, NftRuleDump } from './types.ts'
import {
  chainAttribute,
  COMPAT_INVERTED,
  compatAttribute,
  hookAttribute,
  NF_ACCEPT,
  NF_DROP,
  NFT_OBJECT_COUNTER,
  objectAttribute,
  ruleAttribute,
  tableAttribute,
} from './wire.ts'

/** nfgen_family of a table's family. */
export const familyNumbers: Readonly<Record<NftFamily, number>> = {
  ip: NFPROTO_IPV4,
  ip6: NFPROTO_IPV6,
  inet: NFPROTO_INET,
}

/** The table's family that a message is about; null for one that we do not use. */
export function familyOf({ bytes, start }: Message): NftFamily | null {
  const number = bytes[start]
  return number === NFPROTO_IPV4 ? 'ip' : number === NFPROTO_IPV6 ? 'ip6' : number === NFPROTO_INET ? 'inet' : null
}

const hookNumbers: Readonly<Record<NftHook['hook'], number>> = {
  prerouting: 0,
  input: 1,
  forward: 2,
  output: 3,
  postrouting: 4,
}
const hookNames = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const
const chainTypes: readonly string[] = ['filter', 'nat', 'route'] satisfies NftHook['type'][]

/** The attributes of an nfnetlink message. */
export const attributesOf = (message: Message, fault: Fault): Attributes =>
  new Attributes(message.bytes, Math.min(message.start + NFGENMSG, message.end), message.end, fault)

export function writeTable(writer: MessageWriter, table: string, comment: string): void {
  writer.string(tableAttribute.name, table)
  writer.u32be(tableAttribute.flags, 0)
  if (comment !== '') writer.raw(tableAttribute.userdata, commentUserdata(comment))
}

export function writeChain(writer: MessageWriter, table: string, { name, hook, comment }: NftChain): void {
  writer.string(chainAttribute.table, table)
  writer.string(chainAttribute.name, name)
  if (hook !== null) {
    writer.string(chainAttribute.type, hook.type)
    writer.u32be(chainAttribute.policy, hook.policy === 'accept' ? NF_ACCEPT : NF_DROP)
    const at = writer.open(chainAttribute.hook)
    writer.u32be(hookAttribute.number, hookNumbers[hook.hook])
    writer.u32be(hookAttribute.priority, hook.priority)
    writer.close(at)
  }
  if (comment !== '') writer.raw(chainAttribute.userdata, commentUserdata(comment))
}

/** Null for a chain of another table, or of a hook that our data does not know (ingress). */
export function readChain(attributes: Attributes, table: string): NftChain | null {
  let name = ''
  let comment = ''
  let type = ''
  let policy: NftHook['policy'] = 'accept'
  let hook: { readonly number: number; readonly priority: number } | null = null
  while (attributes.next()) {
    switch (attributes.type) {
      case chainAttribute.table:
        if (attributes.string() !== table) return null
        break
      case chainAttribute.name:
        name = attributes.string()
        break
      case chainAttribute.type:
        type = attributes.string()
        break
      case chainAttribute.policy:
        policy = attributes.u32be() === NF_DROP ? 'drop' : 'accept'
        break
      case chainAttribute.hook:
        hook = readHook(attributes.nested())
        break
      case chainAttribute.userdata:
        comment = commentOf(attributes.raw())
        break
    }
  }
  if (hook === null) return { name, hook: null, comment }
  const hookName = hookNames[hook.number]
  if (hookName === undefined || !chainTypes.includes(type)) return null
  return { name, hook: { type: type as NftHook['type'], hook: hookName, priority: hook.priority, policy }, comment }
}

function readHook(attributes: Attributes): { number: number; priority: number } {
  const hook = { number: -1, priority: 0 }
  while (attributes.next()) {
    if (attributes.type === hookAttribute.number) hook.number = attributes.u32be()
    if (attributes.type === hookAttribute.priority) hook.priority = attributes.u32be() | 0
  }
  return hook
}

export function writeRule(
  writer: MessageWriter,
  family: NftFamily,
  table: string,
  chain: string,
  { expressions, comment, compat }: NftRule,
): void {
  writer.string(ruleAttribute.table, table)
  writer.string(ruleAttribute.chain, chain)
  writeExpressions(writer, ruleAttribute.expressions, expressions, family)
  if (compat !== undefined) {
    const at = writer.open(ruleAttribute.compat)
    writer.u32be(compatAttribute.protocol, compat.protocol)
    writer.u32be(compatAttribute.flags, compat.inverted ? COMPAT_INVERTED : 0)
    writer.close(at)
  }
  if (comment !== '') writer.raw(ruleAttribute.userdata, commentUserdata(comment))
}

/** Null for a rule of another table. */
export function readRule(attributes: Attributes, table: string): NftRuleDump | null {
  let chain = ''
  let comment = ''
  let expressions: NftRule['expressions'] = []
  while (attributes.next()) {
    switch (attributes.type) {
      case ruleAttribute.table:
        if (attributes.string() !== table) return null
        break
      case ruleAttribute.chain:
        chain = attributes.string()
        break
      case ruleAttribute.expressions:
        expressions = readExpressions(attributes.nested())
        break
      case ruleAttribute.userdata:
        comment = commentOf(attributes.raw())
        break
    }
  }
  return { chain, rule: { expressions, comment } }
}

export function writeCounter(writer: MessageWriter, table: string, { name, comment }: NftCounter): void {
  writer.string(objectAttribute.table, table)
  writer.string(objectAttribute.name, name)
  writer.u32be(objectAttribute.type, NFT_OBJECT_COUNTER)
  const at = writer.open(objectAttribute.data)
  writer.u64be(counterAttribute.bytes, 0)
  writer.u64be(counterAttribute.packets, 0)
  writer.close(at)
  if (comment !== '') writer.raw(objectAttribute.userdata, commentUserdata(comment))
}

/** Null for another table's, or another kind of object. */
export function readCounter(attributes: Attributes, table: string): NftCounter | null {
  let name = ''
  let comment = ''
  let packets = 0
  while (attributes.next()) {
    switch (attributes.type) {
      case objectAttribute.table:
        if (attributes.string() !== table) return null
        break
      case objectAttribute.name:
        name = attributes.string()
        break
      case objectAttribute.type:
        if (attributes.u32be() !== NFT_OBJECT_COUNTER) return null
        break
      case objectAttribute.data:
        packets = readPackets(attributes.nested())
        break
      case objectAttribute.userdata:
        comment = commentOf(attributes.raw())
        break
    }
  }
  return { name, comment, packets }
}

/** NFTA_COUNTER_PACKETS */
export function readPackets(attributes: Attributes): number {
  let packets = 0
  while (attributes.next()) if (attributes.type === counterAttribute.packets) packets = attributes.u64be()
  return packets
}
