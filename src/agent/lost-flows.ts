import type { FlowFilter } from '../kernel/conntrack-types.ts'
import type { Frontend } from '../model/frontend.ts'

/**
 * ms that whoever had the address before gets to answer: a handshake with it that is under way goes on, and a lost SYN is sent again
 * after one second (RFC 6298), so still in time
 */
export const ANSWER_WITHIN = 250

/**
 * What clients sent to frontends before there were rules for them, and nobody answered. Whether and how a flow is translated is decided
 * by its first packet (nf_nat_inet_fn asks the rules while there is no binding, and a packet that passes without a rule gets a null
 * binding: net/netfilter/nf_nat_core.c), so the client's next SYN, and each datagram of a UDP socket, would follow the untranslated entry
 * into nothing: for as long as `nf_conntrack_tcp_timeout_syn_sent` (120 s) and as often as the client tries. Without the entry the
 * client's next attempt meets the rules. Answered flows live on, and so do those that another proxy translated.
 *
 * Node ports leave none: until there are rules the node itself refuses them, or its firewall drops the packet before there is an entry.
 *
 * kube-proxy cleans UDP alone (pkg/proxy/conntrack/cleanup.go); TCP entries in SYN_SENT are kubernetes/kubernetes#101607.
 */
export const lostFlows = (frontends: readonly Frontend[]): readonly FlowFilter[] =>
  frontends.flatMap(({ protocol, address, port }) =>
    address === null ? [] : [{ protocol, address, port, backend: 'unanswered' as const }],
  )
