import { setTimeout } from 'node:timers/promises'
import { canaryComesBack } from '../../inspect/kube-proxy/canary.ts'
import { applyClean, describeKept, describePlan, planClean } from '../../inspect/kube-proxy/clean.ts'
import { describeLeftover, findLeftovers } from '../../inspect/kube-proxy/leftovers.ts'
import { findKubeProxy } from '../../inspect/kube-proxy/running.ts'
import { NodeSight } from '../../inspect/node/sight.ts'
import { get, nftVersion, probe } from '../../inspect/node/sources.ts'
import { cutOffByCleaning } from '../../inspect/preflight/checks/filters.ts'
import { openForeign } from '../../kernel/foreign/index.ts'
import { openKernel } from '../../kernel/index.ts'
import { silent } from '../../util/log.ts'

export interface CleanKubeProxyOptions {
  readonly dryRun?: boolean
  readonly force?: boolean
  /** seconds that a kube-proxy whose process cannot be seen has to put its canary back */
  readonly wait?: number
}

/** kube-proxy's syncPeriod, 30 s by default, and some */
const WAIT_BLIND = 35

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Removes what a kube-proxy that does not run any more left behind. Exit 1: it runs, or something had to stay. */
export const cleanKubeProxy = async ({ dryRun = false, force = false, wait }: CleanKubeProxyOptions): Promise<void> => {
  using foreign = await openForeign()
  await using nftables = await (await openKernel()).nftables(silent)
  const look = (): NodeSight => new NodeSight({ root: '/', foreign, get, features: probe, nftVersion })
  const sight = look()
  const { running, evidence, blind } = await findKubeProxy(sight)
  if (running) {
    for (const { source, found } of evidence) say(`kube-proxy runs: ${source}: ${found}`)
    refuse('take it off this node first (docs/migrate.md): it would put everything back')
    if (!dryRun) return
  }
  const plan = await planClean({ sight, foreign, nftables }, force)
  const unseen = sight.unseen.filter(({ source }) => /^(?:nftables|iptables-legacy|ipsets|\/proc\/net)/.test(source))
  if (unseen.length > 0) throw new Error(unseen.map(({ source, reason }) => `${source}: ${reason}`).join('\n'))
  if (dryRun) {
    for (const line of describePlan(plan)) process.stdout.write(`${line}\n`)
    for (const line of describeKept(plan)) say(`stays: ${line}`)
    return
  }
  const isEmpty = describePlan(plan).length === 0
  if (!isEmpty && !force && (await wouldCut(sight))) return
  const seconds = isEmpty ? 0 : (wait ?? (blind.length > 0 ? WAIT_BLIND : 0))
  if (seconds > 0) {
    say(`watching for ${seconds} s whether a kube-proxy that is not visible puts its canary chain back`)
    if (await canaryComesBack({ look, nftables, seconds, sleep: (ms) => setTimeout(ms) }))
      return refuse(
        'kube-proxy runs: its chain KUBE-PROXY-CANARY came back; take it off this node first (docs/migrate.md)',
      )
  }
  // the canary has gone since
  const current = seconds > 0 ? await planClean({ sight: look(), foreign, nftables }, force) : plan
  const refused = await applyClean(current, { foreign, nftables })
  for (const line of describePlan(plan)) process.stdout.write(`removed ${line}\n`)
  await tellRest([...describeKept(current), ...refused], look())
}

const refuse = (why: string): void => {
  say(why)
  process.exitCode = 1
}

/** Said, and true: connections or pods depend on these rules. */
const wouldCut = async (sight: NodeSight): Promise<boolean> => {
  if (!(await isServed(sight))) {
    say('no rules of evenkeel are in force here: without any that track connections, established ones would be cut')
    refuse('start evenkeel first (docs/migrate.md: it may start while these rules are still there), or --force')
    return true
  }
  const chains = await cutOffByCleaning(sight)
  for (const source of chains) say(`${source}: policy drop, and only kube-proxy’s rules accept what is forwarded`)
  if (chains.length > 0)
    refuse('pods would be cut off: iptables -P FORWARD ACCEPT first (or accept the pods there), or --force')
  return chains.length > 0
}

/** What had to stay; and where nothing had to, what is there all the same. */
const tellRest = async (stays: readonly string[], sight: NodeSight): Promise<void> => {
  for (const line of stays) say(`stays: ${line}`)
  const left = stays.length > 0 ? [] : await findLeftovers(sight)
  for (const leftover of left) say(`came back: ${describeLeftover(leftover)}`)
  if (stays.length + left.length > 0) process.exitCode = 1
}

/** The kernel stops tracking connections, and so translating them, when the last rule that needs it has gone. */
const isServed = async (sight: NodeSight): Promise<boolean> =>
  ((await sight.nftTables()) ?? []).some(({ table }) => table.startsWith('evenkeel'))
