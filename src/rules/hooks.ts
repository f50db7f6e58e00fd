import { type Flow, merge, type Probe, type Surroundings } from './flow.ts'
import { all } from './mass.ts'
import type { Bytes, Chain, Hook, Table } from './model.ts'
import type { Walk } from './walk.ts'

/** A base chain and where it hangs. */
export interface Based {
  readonly table: Table
  readonly chain: Chain
  readonly hook: Hook
}

/** By priority; of equal ones the first registered goes first, which a listing keeps. */
export const baseChains = (tables: readonly Table[], family: Probe['family']): readonly Based[] =>
  tables
    .filter((table) => table.family === family || table.family === 'inet')
    .flatMap((table) =>
      Array.from(table.chains.values()).flatMap((chain) =>
        chain.hook === undefined ? [] : [{ table, chain, hook: chain.hook }],
      ),
    )
    .sort((a, b) => a.hook.priority - b.hook.priority)

type Fields = NonNullable<Surroundings['fields']>

const NO_INTERFACE: Bytes = '\0'.repeat(16)
const LOOPBACK: Bytes = 'lo'.padEnd(16, '\0')

/**
 * The first packet of a connection through netfilter's hooks: what comes in goes through prerouting, then input or forward and
 * postrouting; what the machine sends through output and postrouting and, if it keeps it, in again by the loopback interface, where NAT
 * is decided already (nf_nat_inet_fn). Returns the flows that came through; the walk has the others.
 */
export const passHooks = (
  walk: Walk,
  chains: readonly Based[],
  probe: Probe,
  around: Surroundings,
): readonly Flow[] => {
  const { daddr, dport, mark = 0 } = probe
  const start: Flow = { odds: all, daddr, dport, mark, ...UNTOUCHED }
  const keeps = (flow: Flow): boolean => flow.redirected || around.keeps(flow.daddr, flow.dnat)
  const through = (name: Hook['hook'], flows: readonly Flow[], fields: Fields = {}, again = false): readonly Flow[] => {
    const here = { ...around, fields: { ...around.fields, ...fields } }
    return flows.length === 0 ? flows : throughHook(walk, chains, name, flows, here, again)
  }
  if (around.entry === 'prerouting') {
    const { kept, sent } = parted(through('prerouting', [start], { 'meta oifname': NO_INTERFACE }), keeps)
    const { kept: arrived, sent: turned } = parted(through('input', kept, { 'meta oifname': NO_INTERFACE }), keeps)
    // IPVS translates at input; what it sends on to another machine leaves by output (ip_vs_nat_xmit)
    const relayed = through('output', turned, { 'meta iifname': NO_INTERFACE })
    return merge([...arrived, ...through('postrouting', [...through('forward', sent), ...relayed])])
  }
  // the hook is told of the way before OUTPUT's own DNAT, and of no other (nf_hook_state)
  const way = around.outputInterface?.(daddr)
  const out = through('output', [start], {
    'meta iifname': NO_INTERFACE,
    ...(way === undefined ? {} : { 'meta oifname': way }),
  })
  const { kept, sent } = parted(through('postrouting', out, { 'meta iifname': NO_INTERFACE }), keeps)
  const again = { 'meta iifname': LOOPBACK, 'meta oifname': NO_INTERFACE }
  return merge([...sent, ...through('input', through('prerouting', kept, again, true), again, true)])
}

const UNTOUCHED = {
  source: null,
  ctMark: 0,
  dnat: false,
  masquerade: false,
  untracked: false,
  redirected: false,
  accepted: false,
} as const

const parted = (flows: readonly Flow[], keeps: (flow: Flow) => boolean): { kept: Flow[]; sent: Flow[] } => {
  const kept: Flow[] = []
  const sent: Flow[] = []
  for (const flow of flows) (keeps(flow) ? kept : sent).push(flow)
  return { kept, sent }
}

/** NF_IP_PRI_CONNTRACK: chains before it see packets that belong to no connection yet. */
const CONNTRACK = -200

/**
 * nat chains see a connection until one of them has translated this side of it, and only what conntrack sees.
 * `again`: by the loopback interface; conntrack and NAT were here.
 */
const throughHook = (
  walk: Walk,
  chains: readonly Based[],
  name: Hook['hook'],
  flows: readonly Flow[],
  around: Surroundings,
  again: boolean,
): readonly Flow[] => {
  const first = !again && (name === 'prerouting' || name === 'output')
  let present = flows
  for (const { table, chain, hook } of chains) {
    if (hook.hook !== name || present.length === 0) continue
    if (hook.type !== 'nat') {
      present = walk.base(table, chain, present, { ...around, beforeConntrack: first && hook.priority < CONNTRACK })
      continue
    }
    const source = name === 'postrouting' || name === 'input'
    const isDone = (flow: Flow): boolean => again || flow.untracked || (source ? flow.masquerade : flow.dnat)
    const { kept: done, sent: open } = parted(present, isDone)
    if (open.length > 0) present = [...done, ...walk.base(table, chain, open, { ...around, beforeConntrack: false })]
  }
  return present
}
