import type { Attributes } from '../netlink/reader.ts'
import { NFPROTO_IPV4, NFPROTO_IPV6 } from '../netlink/wire.ts'
import {
  bitwiseAttribute as bitwise,
  cmpAttribute as cmp,
  cmpOps,
  counterAttribute as counter,
  ctAttribute as ct,
  dynsetAttribute as dynset,
  dynsetOps,
  FIB_RESULT_ADDRTYPE,
  fibAttribute as fib,
  HASH_JENKINS,
  hashAttribute as hash,
  immediateAttribute as immediate,
  LOOKUP_INVERT,
  lookupAttribute as lookup,
  MASQ_FULLY_RANDOM,
  masqAttribute as masq,
  metaAttribute as meta,
  metaKeys,
  NAT_DERIVED_FLAGS,
  NAT_DNAT,
  natAttribute as nat,
  numgenAttribute as numgen,
  numgenModes,
  objrefAttribute as objref,
  payloadAttribute as payload,
  payloadBases,
  REJECT_ICMP,
  REJECT_ICMPX,
  REJECT_TCP_RESET,
  rangeAttribute as range,
  rangeOps,
  rejectAttribute as reject,
} from './expression-wire.ts'
import { Fields } from './fields.ts'
import type { MetaKey, NftExpr } from './types.ts'
import { expressionAttribute, NFT_OBJECT_COUNTER } from './wire.ts'

/** Reads a list of expressions (NFTA_RULE_EXPRESSIONS). What we do not know, or know less than fully, becomes `unknown`. */
export function readExpressions(list: Attributes): NftExpr[] {
  const expressions: NftExpr[] = []
  while (list.next()) expressions.push(readExpression(list.nested()))
  return expressions
}

/** One NFTA_LIST_ELEM of it, also NFTA_SET_ELEM_EXPR. */
export function readExpression(element: Attributes): NftExpr {
  let kernelName = ''
  let raw = ''
  let fields: Fields | null = null
  while (element.next()) {
    if (element.type === expressionAttribute.name) kernelName = element.string()
    if (element.type !== expressionAttribute.data) continue
    raw = element.raw()
    fields = new Fields(element.nested())
  }
  const known = fields === null ? null : readers[kernelName]?.(fields)
  return known ?? { name: 'unknown', kernelName, raw }
}

const metaKeyNames: ReadonlyMap<number, MetaKey> = new Map(
  Object.entries(metaKeys).map(([name, number]) => [number, name as MetaKey]),
)

type Reader = (fields: Fields) => NftExpr | null

/** By the kernel's name. Null: attributes or values that our data cannot say. */
const readers: Readonly<Record<string, Reader>> = {
  payload(f) {
    const base = payloadBases[f.u32(payload.base)]
    if (base === undefined || !f.has(payload.dreg) || f.has(5)) return null
    return {
      name: 'payload',
      dreg: f.u32(payload.dreg),
      base,
      offset: f.u32(payload.offset),
      len: f.u32(payload.length),
    }
  },
  meta(f) {
    const key = metaKeyNames.get(f.u32(meta.key))
    if (key === undefined) return null
    return f.has(meta.sreg)
      ? { name: 'meta-set', key, sreg: f.u32(meta.sreg) }
      : { name: 'meta', key, dreg: f.u32(meta.dreg) }
  },
  cmp(f) {
    const op = cmpOps[f.u32(cmp.op)]
    return op === undefined ? null : { name: 'cmp', sreg: f.u32(cmp.sreg), op, data: f.data(cmp.data) }
  },
  range(f) {
    const op = rangeOps[f.u32(range.op)]
    if (op === undefined) return null
    return { name: 'range', sreg: f.u32(range.sreg), op, from: f.data(range.from), to: f.data(range.to) }
  },
  bitwise(f) {
    if (f.u32(bitwise.op) !== 0) return null
    return {
      name: 'bitwise',
      sreg: f.u32(bitwise.sreg),
      dreg: f.u32(bitwise.dreg),
      len: f.u32(bitwise.length),
      mask: f.data(bitwise.mask),
      xor: f.data(bitwise.xor),
    }
  },
  immediate(f) {
    const dreg = f.u32(immediate.dreg)
    if (dreg !== 0) return { name: 'immediate', dreg, data: f.data(immediate.data) }
    const verdict = f.verdict(immediate.data)
    return verdict === null ? null : { name: 'verdict', verdict }
  },
  lookup(f) {
    const dreg = f.has(lookup.dreg) ? f.u32(lookup.dreg) : null
    const invert = (f.u32(lookup.flags) & LOOKUP_INVERT) !== 0
    return { name: 'lookup', set: f.string(lookup.set), sreg: f.u32(lookup.sreg), dreg, invert }
  },
  dynset(f) {
    const op = dynsetOps[f.u32(dynset.op)]
    const plain =
      f.only(dynset.set, 2, dynset.op, dynset.key, dynset.timeout, dynset.flags) && f.u32(dynset.flags) === 0
    if (op === undefined || !plain) return null
    return {
      name: 'dynset',
      set: f.string(dynset.set),
      op,
      sregKey: f.u32(dynset.key),
      timeoutMs: f.u64(dynset.timeout),
    }
  },
  numgen(f) {
    const mode = numgenModes[f.u32(numgen.type)]
    if (mode === undefined) return null
    const modulus = f.u32(numgen.modulus)
    return { name: 'numgen', dreg: f.u32(numgen.dreg), mode, modulus, offset: f.u32(numgen.offset) }
  },
  hash(f) {
    if (f.u32(hash.type) !== HASH_JENKINS || !f.has(hash.seed)) return null
    return {
      name: 'jhash',
      sreg: f.u32(hash.sreg),
      dreg: f.u32(hash.dreg),
      len: f.u32(hash.length),
      modulus: f.u32(hash.modulus),
      seed: f.u32(hash.seed),
      offset: f.u32(hash.offset),
    }
  },
  fib(f) {
    const flags = f.u32(fib.flags)
    if (f.u32(fib.result) !== FIB_RESULT_ADDRTYPE || (flags !== 1 && flags !== 2)) return null
    return { name: 'fib', dreg: f.u32(fib.dreg), result: 'type', from: flags === 1 ? 'saddr' : 'daddr' }
  },
  ct(f) {
    const key = f.u32(ct.key)
    if (!f.only(ct.dreg, ct.key) || (key !== 0 && key !== 2)) return null
    return { name: 'ct', key: key === 0 ? 'state' : 'status', dreg: f.u32(ct.dreg) }
  },
  nat(f) {
    const family = f.u32(nat.family)
    const addressReg = f.u32(nat.address)
    const portReg = f.has(nat.port) ? f.u32(nat.port) : null
    const range = f.has(nat.addressMax) && f.u32(nat.addressMax) !== addressReg
    const ports = f.has(nat.portMax) && f.u32(nat.portMax) !== portReg
    const flags = f.u32(nat.flags) & ~NAT_DERIVED_FLAGS
    const known = family === NFPROTO_IPV4 || family === NFPROTO_IPV6
    if (!known || addressReg === 0 || range || ports || flags !== 0 || f.u32(nat.type) !== NAT_DNAT) return null
    return { name: 'nat', type: 'dnat', family: family === NFPROTO_IPV4 ? 'ip' : 'ip6', addressReg, portReg }
  },
  masq(f) {
    const flags = f.u32(masq.flags)
    if (!f.only(masq.flags) || (flags & ~MASQ_FULLY_RANDOM) !== 0) return null
    return { name: 'masq', fullyRandom: flags !== 0 }
  },
  reject(f) {
    const type = f.u32(reject.type)
    const code = f.u8(reject.code)
    if (type === REJECT_TCP_RESET) return { name: 'reject', with: 'tcp-reset' }
    const unreachable = type === REJECT_ICMP ? code === 3 || code === 4 : type === REJECT_ICMPX && code === 1
    return unreachable ? { name: 'reject', with: 'port-unreachable' } : null
  },
  counter: (f) => ({ name: 'counter', packets: f.u64(counter.packets), bytes: f.u64(counter.bytes) }),
  objref(f) {
    if (f.u32(objref.type) !== NFT_OBJECT_COUNTER || !f.has(objref.name)) return null
    return { name: 'objref', counter: f.string(objref.name) }
  },
}
