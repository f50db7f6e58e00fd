/**
 * Netlink as it lies on the wire (include/uapi/linux/netlink.h, nfnetlink.h). Headers are in the host's byte order, and every
 * machine that Node is built for and that we support is little-endian (`openKernel` refuses others).
 *
 * | bytes | nlmsghdr             | bytes | nlattr                        | bytes | nfgenmsg            |
 * |-------|----------------------|-------|-------------------------------|-------|---------------------|
 * | 4     | length, header too   | 2     | length, header too            | 1     | nfgen_family        |
 * | 2     | type                 | 2     | type, 0x8000 nested           | 1     | version 0           |
 * | 2     | flags                |       | payload, padded to 4          | 2     | res_id, big-endian  |
 * | 4     | sequence             |       |                               |       |                     |
 * | 4     | port id              |       |                               |       |                     |
 */
export const HEADER = 16
export const NFGENMSG = 4

export const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4
export const NETLINK_NETFILTER = 12
export const NETLINK_GENERIC = 16

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLMSG_OVERRUN = 4

export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_ECHO = 0x8
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP = 0x300
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_APPEND = 0x800
/** on NLMSG_ERROR: the request is not repeated in full; extended ack attributes follow */
export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200

export const NLMSGERR_ATTR_MSG = 1
export const NLMSGERR_ATTR_OFFS = 2

export const NLA_F_NESTED = 0x8000
export const NLA_TYPE_MASK = 0x3fff
/** nla_len is 16 bits */
export const ATTRIBUTE_MAX = 0xffff

export const NFNL_MSG_BATCH_BEGIN = 0x10
export const NFNL_MSG_BATCH_END = 0x11
export const NFNL_SUBSYS_CTNETLINK = 1
export const NFNL_SUBSYS_ACCT = 7
export const NFNL_SUBSYS_NFTABLES = 10

export const NFPROTO_UNSPEC = 0
export const NFPROTO_INET = 1
export const NFPROTO_IPV4 = 2
export const NFPROTO_IPV6 = 10
