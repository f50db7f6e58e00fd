/**
 * include/uapi/linux/netfilter/nfnetlink_conntrack.h: what we read and send of a flow.
 *
 * | attribute          | inside                                                               |
 * |--------------------|----------------------------------------------------------------------|
 * | CTA_TUPLE_ORIG 1   | CTA_TUPLE_IP 1 {v4 src 1, dst 2; v6 src 3, dst 4}                     |
 * | CTA_TUPLE_REPLY 2  | CTA_TUPLE_PROTO 2 {number 1 (u8), source port 2, destination port 3} |
 * | CTA_STATUS 3, CTA_ID 12, CTA_ZONE 18 | u32, u32, u16                                      |
 * | CTA_STATUS_MASK 26 | of a request: which bits must be as in CTA_STATUS (Linux 5.15)         |
 * | CTA_PROTOINFO 4    | TCP 1 {state 1 (u8)}                                                 |
 * | CTA_COUNTERS_ORIG 9, _REPLY 10 | packets 1, bytes 2 (u64)                                 |
 * | CTA_TIMESTAMP 20   | start 1, stop 2 (u64, ns since the epoch)                            |
 * | CTA_FILTER 25      | flags 1 (original tuple), 2 (reply tuple): which parts must be equal |
 */
export const IPCTNL_MSG_CT_NEW = 0
export const IPCTNL_MSG_CT_GET = 1
export const IPCTNL_MSG_CT_DELETE = 2

export const flowAttribute = {
  original: 1,
  reply: 2,
  status: 3,
  protocolInfo: 4,
  countersOriginal: 9,
  countersReply: 10,
  id: 12,
  zone: 18,
  timestamp: 20,
  filter: 25,
  statusMask: 26,
} as const
export const tupleAttribute = { ip: 1, protocol: 2 } as const
export const ipAttribute = { v4Source: 1, v4Destination: 2, v6Source: 3, v6Destination: 4 } as const
export const protocolAttribute = { number: 1, sourcePort: 2, destinationPort: 3 } as const
export const filterAttribute = { originalFlags: 1, replyFlags: 2 } as const

/** CTA_FILTER_F_… (net/netfilter/nf_internals.h; kernel 5.8). Where the kernel knows no filter it lists everything: filtered again here. */
export const filterFlag = { destinationAddress: 1 << 1, protocol: 1 << 3, destinationPort: 1 << 5 } as const

/** enum ip_conntrack_status (nf_conntrack_common.h) */
export const statusBit = { seenReply: 1 << 1, destinationNat: 1 << 5 } as const

export const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const
