/**
 * include/uapi/linux/netfilter/nf_tables.h: numbers of messages and attributes that we send or read.
 * All integers in attributes are big-endian; data in registers is in the packet's or the host's order, as the expression says.
 */
export const NFT_MSG_NEWTABLE = 0
export const NFT_MSG_GETTABLE = 1
export const NFT_MSG_DELTABLE = 2
export const NFT_MSG_NEWCHAIN = 3
export const NFT_MSG_GETCHAIN = 4
export const NFT_MSG_DELCHAIN = 5
export const NFT_MSG_NEWRULE = 6
export const NFT_MSG_GETRULE = 7
export const NFT_MSG_DELRULE = 8
export const NFT_MSG_NEWSET = 9
export const NFT_MSG_GETSET = 10
export const NFT_MSG_DELSET = 11
export const NFT_MSG_NEWSETELEM = 12
export const NFT_MSG_GETSETELEM = 13
export const NFT_MSG_DELSETELEM = 14
export const NFT_MSG_NEWGEN = 15
export const NFT_MSG_GETGEN = 16
export const NFT_MSG_NEWOBJ = 18
export const NFT_MSG_GETOBJ = 19
export const NFT_MSG_DELOBJ = 20

/** multicast group of all changes */
export const NFNLGRP_NFTABLES = 7

/** In every message about a part of a table, its first attribute is the table's name (NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, …). */
export const NFTA_TABLE = 1

export const tableAttribute = { name: 1, flags: 2, userdata: 6 } as const
export const chainAttribute = { table: 1, name: 3, hook: 4, policy: 5, type: 7, userdata: 12 } as const
export const hookAttribute = { number: 1, priority: 2 } as const
export const ruleAttribute = { table: 1, chain: 2, handle: 3, expressions: 4, compat: 5, userdata: 7 } as const
export const compatAttribute = { protocol: 1, flags: 2 } as const
/** NFT_RULE_COMPAT_F_INV */
export const COMPAT_INVERTED = 2
export const setAttribute = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  dataType: 6,
  dataLength: 7,
  description: 9,
  id: 10,
  timeout: 11,
  userdata: 13,
  expression: 17,
} as const
export const setDescription = { size: 1, concatenation: 2 } as const
export const setFlag = {
  anonymous: 1,
  constant: 2,
  interval: 4,
  map: 8,
  timeout: 0x10,
  eval: 0x20,
  object: 0x40,
  concatenation: 0x80,
} as const
export const elementListAttribute = { table: 1, set: 2, elements: 3 } as const
export const elementAttribute = { key: 1, data: 2, flags: 3, expression: 7, keyEnd: 10, expressions: 11 } as const
export const elementFlag = { intervalEnd: 1, catchAll: 2 } as const
export const objectAttribute = { table: 1, name: 2, type: 3, data: 4, userdata: 8 } as const
export const NFT_OBJECT_COUNTER = 1
export const generationAttribute = { id: 1 } as const

/** NFTA_LIST_ELEM: an item of any list */
export const LIST_ELEMENT = 1
export const dataAttribute = { value: 1, verdict: 2 } as const
export const verdictAttribute = { code: 1, chain: 2 } as const
export const expressionAttribute = { name: 1, data: 2 } as const

/** NFT_DATA_VERDICT as a set's data type */
export const VERDICT_TYPE = 0xffffff00
export const NF_DROP = 0
export const NF_ACCEPT = 1
/** NFT_JUMP, NFT_GOTO, NFT_RETURN: negative, here as the 32 bits on the wire */
export const NFT_JUMP = 0xfffffffd
export const NFT_GOTO = 0xfffffffc
export const NFT_RETURN = 0xfffffffb
