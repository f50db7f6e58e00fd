import type { Hook } from './model.ts'

/** Priorities of netfilter's hooks (include/uapi/linux/netfilter_ipv4.h), by nftables' names for them. */
export const priorities = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
} as const

const hookNames: Readonly<Record<string, Hook['hook']>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
}

const hooksOf: Readonly<Record<string, readonly Hook['hook'][]>> = {
  raw: ['prerouting', 'output'],
  mangle: ['prerouting', 'input', 'forward', 'output', 'postrouting'],
  nat: ['prerouting', 'input', 'output', 'postrouting'],
  filter: ['input', 'forward', 'output'],
  security: ['input', 'forward', 'output'],
}

/** Where iptables hangs a built-in chain, e.g. `nat`, `PREROUTING`; null for a chain of a user or a table that iptables does not have. */
export const iptablesHook = (table: string, chain: string, policy: Hook['policy'] = 'accept'): Hook | null => {
  const hook = hookNames[chain]
  if (hook === undefined || !hooksOf[table]?.includes(hook)) return null
  return { type: typeOf(table, hook), hook, priority: priorityOf(table, hook), policy }
}

const typeOf = (table: string, hook: Hook['hook']): Hook['type'] => {
  if (table === 'nat') return 'nat'
  return table === 'mangle' && hook === 'output' ? 'route' : 'filter'
}

const priorityOf = (table: string, hook: Hook['hook']): number => {
  switch (table) {
    case 'raw':
      return priorities.raw
    case 'mangle':
      return priorities.mangle
    case 'nat':
      return hook === 'prerouting' || hook === 'output' ? priorities.dstnat : priorities.srcnat
    case 'security':
      return priorities.security
    default:
      return priorities.filter
  }
}
