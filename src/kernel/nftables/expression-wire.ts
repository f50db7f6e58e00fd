import type { MetaKey, NftExpr } from './types.ts'

/** Attribute and value numbers of each expression (nf_tables.h: NFTA_PAYLOAD_DREG … and the enums of its values). */
export const payloadAttribute = { dreg: 1, base: 2, offset: 3, length: 4 } as const
export const metaAttribute = { dreg: 1, key: 2, sreg: 3 } as const
export const cmpAttribute = { sreg: 1, op: 2, data: 3 } as const
export const rangeAttribute = { sreg: 1, op: 2, from: 3, to: 4 } as const
export const bitwiseAttribute = { sreg: 1, dreg: 2, length: 3, mask: 4, xor: 5, op: 6 } as const
export const immediateAttribute = { dreg: 1, data: 2 } as const
export const lookupAttribute = { set: 1, sreg: 2, dreg: 3, flags: 5 } as const
export const dynsetAttribute = {
  set: 1,
  op: 3,
  key: 4,
  data: 5,
  timeout: 6,
  expression: 7,
  flags: 9,
  expressions: 10,
} as const
export const numgenAttribute = { dreg: 1, modulus: 2, type: 3, offset: 4 } as const
export const hashAttribute = { sreg: 1, dreg: 2, length: 3, modulus: 4, seed: 5, offset: 6, type: 7 } as const
export const fibAttribute = { dreg: 1, result: 2, flags: 3 } as const
export const ctAttribute = { dreg: 1, key: 2, direction: 3, sreg: 4 } as const
export const natAttribute = { type: 1, family: 2, address: 3, addressMax: 4, port: 5, portMax: 6, flags: 7 } as const
export const masqAttribute = { flags: 1, portMin: 2, portMax: 3 } as const
export const rejectAttribute = { type: 1, code: 2 } as const
export const counterAttribute = { bytes: 1, packets: 2 } as const
export const objrefAttribute = { type: 1, name: 2 } as const

/** Indices are the kernel's numbers. */
export const payloadBases = ['link', 'network', 'transport'] as const
export const cmpOps = ['eq', 'neq', 'lt', 'lte', 'gt', 'gte'] as const
export const rangeOps = ['eq', 'neq'] as const
export const dynsetOps = ['add', 'update'] as const
export const numgenModes = ['inc', 'random'] as const

export const metaKeys: Readonly<Record<MetaKey, number>> = { mark: 3, iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 }
export const ctKeys = { state: 0, status: 2 } as const
export const fibFlags = { saddr: 1, daddr: 2 } as const
export const FIB_RESULT_ADDRTYPE = 3
export const LOOKUP_INVERT = 1
export const NAT_DNAT = 1
export const MASQ_FULLY_RANDOM = 0x10
/** NF_NAT_RANGE_MAP_IPS and _PROTO_SPECIFIED: the kernel sets them itself where registers are given */
export const NAT_DERIVED_FLAGS = 3
export const HASH_JENKINS = 0

/** NFT_REJECT_ICMP_UNREACH with port unreachable (ICMP 3/3, ICMPv6 1/4), NFT_REJECT_ICMPX_UNREACH for tables of both families. */
export const REJECT_ICMP = 0
export const REJECT_TCP_RESET = 1
export const REJECT_ICMPX = 2
export const portUnreachable = {
  ip: { type: REJECT_ICMP, code: 3 },
  ip6: { type: REJECT_ICMP, code: 4 },
  inet: { type: REJECT_ICMPX, code: 1 },
} as const

/** The kernel's name of an expression, where it is not ours. */
export const kernelNames: Readonly<Partial<Record<NftExpr['name'], string>>> = {
  'meta-set': 'meta',
  verdict: 'immediate',
  jhash: 'hash',
}
