import type { RuleText } from './objects.ts'

/** Counters of the kernel (nfnetlink_acct) by kube-proxy's names, from which it makes metrics (pkg/proxy/metrics). */
export const INVALID_DROPPED = 'ct_state_invalid_dropped_pkts'
export const LOCALHOST_ACCEPTED = 'localhost_nps_accepted_pkts'

/** A match that counts; a rule with a counter that does not exist cannot be loaded. */
export const nfacct = (name: string): string => `-m nfacct --nfacct-name ${name}`

/** libxt_nfacct.c prints two spaces before the name. */
export const asCompiled = (rule: RuleText): RuleText => rule.replace('--nfacct-name  ', '--nfacct-name ')
