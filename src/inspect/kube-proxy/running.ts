import type { Evidence, Unseen } from '../node/evidence.ts'
import { listeners } from '../node/listeners.ts'
import { processesNamed, seesAllProcesses } from '../node/processes.ts'
import type { HttpAnswer, NodeSight } from '../node/sight.ts'
import { HEALTHZ_PORT, METRICS_PORT } from './names.ts'

/** Whether a kube-proxy lives in this network namespace. */
export interface KubeProxyLife {
  readonly running: boolean
  readonly evidence: readonly Evidence[]
  /** where it could hide: a kube-proxy in another container whose ports are others than usual, or off */
  readonly blind: readonly Unseen[]
}

const modes: ReadonlySet<string> = new Set(['iptables', 'ipvs', 'nftables', 'userspace', 'kernelspace'])

/**
 * Looks for its process and for its servers. k3s and MicroK8s run it inside a process of another name, and from a container other
 * processes are not visible: then it is known by its answers. A process of another network namespace is another node's.
 */
export const findKubeProxy = async (sight: NodeSight): Promise<KubeProxyLife> => {
  const processes = processesNamed(sight, ['kube-proxy']).filter(({ sameNetwork }) => sameNetwork !== false)
  const evidence: Evidence[] = processes.map(({ pid, sameNetwork }) => ({
    source: `/proc/${pid}/comm`,
    found: sameNetwork === null ? 'kube-proxy (its network namespace cannot be told)' : 'kube-proxy, in this network',
  }))
  // one whose network is not known may be another node's: that alone proves nothing
  const byProcess = processes.some(({ sameNetwork }) => sameNetwork === true)
  const answers = await serversOf(sight)
  const blind = seesAllProcesses(sight)
    ? []
    : [{ source: '/proc', reason: 'only the processes of this container are visible' }]
  return { running: byProcess || answers.length > 0, evidence: [...evidence, ...answers], blind }
}

const serversOf = async (sight: NodeSight): Promise<readonly Evidence[]> => {
  const found: Evidence[] = []
  for (const { port, path, isTheirs } of servers) {
    const listener = (await listeners(sight)).find((one) => one.protocol === 'TCP' && one.port === port)
    if (listener === undefined) continue
    const host = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1' }[listener.address] ?? bracket(listener.address)
    const url = `http://${host}:${port}${path}`
    const answer = await sight.get(url)
    if (answer !== null && !isOurs(answer) && isTheirs(answer))
      found.push({ source: `GET ${url}`, found: `${answer.status} ${answer.body.slice(0, 120).trim()}` })
  }
  return found
}

const servers: readonly { port: number; path: string; isTheirs: (answer: HttpAnswer) => boolean }[] = [
  { port: METRICS_PORT, path: '/proxyMode', isTheirs: ({ body }) => modes.has(body.trim()) },
  { port: HEALTHZ_PORT, path: '/healthz', isTheirs: ({ body }) => /"lastUpdated".*"currentTime"/s.test(body) },
]

/** Our own servers say who they are; kube-proxy's have no such header. */
const isOurs = ({ server }: HttpAnswer): boolean => server.startsWith('evenkeel')

const bracket = (address: string): string => (address.includes(':') ? `[${address}]` : address)
