/** Words and numbers that x_tables' extensions share with their options (linux/netfilter/xt_*.h). */

/** RTN_*: index is the number */
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
] as const

/** XT_CONNTRACK_STATE_*, in the order of printing */
export const connectionStates = [
  [1, 'INVALID'],
  [8, 'NEW'],
  [4, 'RELATED'],
  [2, 'ESTABLISHED'],
  [0x100, 'UNTRACKED'],
  [0x40, 'SNAT'],
  [0x80, 'DNAT'],
] as const

export const recentActions = [
  [1, '--rcheck'],
  [2, '--set'],
  [4, '--update'],
  [8, '--remove'],
] as const
export const RECENT_REAP = 0x20

/** enum ipt_reject_with, ip6t_reject_with */
export const rejections = {
  ip: [
    [3, 'icmp-port-unreachable'],
    [7, 'tcp-reset'],
  ],
  ip6: [
    [4, 'icmp6-port-unreachable'],
    [6, 'tcp-reset'],
  ],
} as const

/** NF_NAT_RANGE_MAP_IPS, _PROTO_SPECIFIED and _PROTO_RANDOM_FULLY */
export const MAP_IPS = 1
export const PROTO_SPECIFIED = 2
export const RANDOM_FULLY = 0x10
