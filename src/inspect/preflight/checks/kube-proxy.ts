import { describeLeftover, findLeftovers } from '../../kube-proxy/leftovers.ts'
import { findKubeProxy } from '../../kube-proxy/running.ts'
import { type Check, finding, isBeside } from '../check.ts'
import type { Finding } from '../finding.ts'

/** A kube-proxy that lives: it and we would serve the same Services, unless we run beside it. */
export const kubeProxyRuns: Check = async (sight, settings) => {
  const { running, evidence, blind } = await findKubeProxy(sight)
  for (const { source, reason } of blind) sight.note(source, reason)
  if (!running || isBeside(settings)) return []
  return [
    finding('kube-proxy-runs', {
      summary:
        'a kube-proxy runs here and serves the same Services: both would write rules for them, and each repair its own',
      evidence,
      cure: 'take kube-proxy off this node (docs/migrate.md), or serve chosen Services beside it with --service-proxy-name; to start while it still runs, for a take-over without a gap: --skip-preflight=kube-proxy-runs',
    }),
  ]
}

/** What a dead one left behind goes on working with the endpoints of its last hour. */
export const kubeProxyLeftovers: Check = async (sight) => {
  const { running } = await findKubeProxy(sight)
  const leftovers = running ? [] : await findLeftovers(sight)
  if (leftovers.length === 0) return []
  const stale = leftovers.some(({ mode }) => mode === 'nftables')
    ? 'they refuse Services before our rules are met, as things stood when it ended'
    : 'they still translate what our rules do not know'
  return [
    finding('kube-proxy-leftovers', {
      summary: `rules of a kube-proxy that does not run any more: ${stale}`,
      evidence: leftovers.map((leftover) => ({ source: leftover.source, found: describeLeftover(leftover) })),
      cure: 'evenkeel clean --kube-proxy --dry-run, then without --dry-run; established connections go on',
    }),
  ]
}

const other = (name: string): boolean => /^(cilium_host|bpfin\.cali|kube-dummy-if)$/.test(name)

/** Beside another proxy: is there one, and what is different then? */
export const besideKubeProxy: Check = async (sight, settings) => {
  if (!isBeside(settings)) return []
  const { running, evidence, blind } = await findKubeProxy(sight)
  const found: Finding[] = [
    finding('beside-kube-proxy', {
      summary: `only Services labelled service.kubernetes.io/service-proxy-name=${settings.proxyName} are served: rules come before kube-proxy’s, nothing is done for other addresses of the Service CIDR`,
      evidence,
      cure: 'nothing; healthz and metrics have ports of their own (10356, 10349) and the mark is another bit (12)',
    }),
  ]
  if (running || sight.names('/sys/class/net').some(other)) return found
  return [
    ...found,
    finding('kube-proxy-absent', {
      severity: blind.length > 0 ? 'note' : 'warning',
      summary: `no kube-proxy is seen here: nobody may be serving the Services that are not labelled ${settings.proxyName}`,
      evidence: [
        { source: '/proc/*/comm', found: 'no kube-proxy' },
        { source: '/proc/net/tcp', found: 'no answer of kube-proxy’s on ports 10249 and 10256' },
      ],
      cure: 'start the cluster’s kube-proxy, or serve all Services: leave --service-proxy-name out',
    }),
  ]
}
