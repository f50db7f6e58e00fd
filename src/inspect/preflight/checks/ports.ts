import type { Listener } from '../../../kernel/foreign/index.ts'
import { clash, listeners } from '../../node/listeners.ts'
import { ownerOf } from '../../node/processes.ts'
import type { NodeSight } from '../../node/sight.ts'
import { type Check, finding } from '../check.ts'
import type { Evidence } from '../finding.ts'
import type { ListenAddress } from '../settings.ts'

/** the API server's default --service-node-port-range */
const NODE_PORTS = { from: 30_000, to: 32_767 } as const
/** lines of evidence for many ports */
const SHOWN = 10

const evidenceOf = (sight: NodeSight, { protocol, address, port, inode }: Listener): Evidence => {
  const host = address.includes(':') ? `[${address}]` : address
  const owner = ownerOf(sight, inode) ?? 'a process that is not visible here'
  return { source: protocol === 'TCP' ? 'ss -ltn' : 'ss -lun', found: `${host}:${port}, held by ${owner}` }
}

/** Our own servers' ports. */
export const ownPorts: Check = async (sight, settings) => {
  if (settings.agentRuns) return []
  const all = await listeners(sight)
  const wanted: readonly (readonly [string, ListenAddress | null])[] = [
    ['healthzBindAddress', settings.healthzBindAddress],
    ['metricsBindAddress', settings.metricsBindAddress],
  ]
  return wanted.flatMap(([field, address]) => {
    if (address === null) return []
    const taken = all.filter(
      (one) => one.protocol === 'TCP' && one.port === address.port && clash(one.address, address.host),
    )
    if (taken.length === 0) return []
    const hard = settings.bindAddressHardFail
    return [
      finding('port-taken', {
        severity: hard ? 'fatal' : 'warning',
        summary: `${field} ${address.host}:${address.port} is in use${hard ? '' : ': tried again until it is free'}`,
        evidence: taken.map((one) => evidenceOf(sight, one)),
        cure: `end its holder (a kube-proxy holds 10249 and 10256), or choose another ${field}`,
      }),
    ]
  })
}

/** A NodePort's packets are translated before a local socket could have them. */
export const nodePorts: Check = async (sight) => {
  const bound = (await listeners(sight)).filter(
    ({ port, address }) => port >= NODE_PORTS.from && port <= NODE_PORTS.to && !isLoopback(address),
  )
  if (bound.length === 0) return []
  return [
    finding('node-port-bound', {
      summary: `${bound.length} sockets listen on ports ${NODE_PORTS.from} to ${NODE_PORTS.to}: a Service that is given one of these as its NodePort takes its traffic away`,
      evidence: bound.slice(0, SHOWN).map((one) => evidenceOf(sight, one)),
      cure: 'move the process to a port outside of the API server’s --service-node-port-range',
    }),
  ]
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
