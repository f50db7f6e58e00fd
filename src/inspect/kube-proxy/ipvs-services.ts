import { canonicalAddress } from '../../model/address.ts'
import type { VirtualService } from '../../kernel/foreign/index.ts'
import type { NodeSight } from '../node/sight.ts'

/** A virtual service as /proc/net/ip_vs tells it, with the connections of all its destinations. */
export interface SeenVirtualService extends VirtualService {
  readonly active: number
}

export const IPVS_FILE = '/proc/net/ip_vs'

/** Virtual services of this network namespace; none where IPVS is not loaded. Those of firewall marks are not told. */
export const virtualServices = (sight: NodeSight): readonly SeenVirtualService[] => {
  const found: { protocol: VirtualService['protocol']; address: string; port: number; active: number }[] = []
  for (const line of sight.lines(IPVS_FILE)) {
    const service = /^(TCP|UDP|SCTP)\s+(\S+):([0-9A-F]{4})\s/.exec(line)
    if (service !== null) {
      const [, protocol, address = '', port = ''] = service
      found.push({
        protocol: protocol as VirtualService['protocol'],
        address: parseAddress(address),
        port: Number.parseInt(port, 16),
        active: 0,
      })
    } else if (line.startsWith('FWM')) {
      found.push({ protocol: 'TCP', address: '', port: 0, active: 0 })
    }
    // RemoteAddress:Port Forward Weight ActiveConn InActConn
    const destination = /^\s+->\s+\S+\s+\S+\s+\d+\s+(\d+)\s+\d+\s*$/.exec(line)
    const last = found.at(-1)
    if (destination !== null && last !== undefined) last.active += Number(destination[1])
  }
  return found.filter(({ address }) => address !== '')
}

/** `0A60000A`, or `[fd00:0000:…:0001]` */
const parseAddress = (text: string): string => {
  if (text.startsWith('[')) return canonicalAddress(text.slice(1, -1)) ?? text
  return [0, 2, 4, 6].map((at) => Number.parseInt(text.slice(at, at + 2), 16)).join('.')
}
