/** What an address is to a node, as iptables' addrtype names it (nft: in small letters); RTN_* of include/uapi/linux/rtnetlink.h: the index is the number. */
export const addressTypes = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
] as const
