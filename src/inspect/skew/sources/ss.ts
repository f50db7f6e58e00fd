import { canonicalAddress, formatEndpoint } from '../../../model/address.ts'
import type { Protocol } from '../../../model/objects.ts'
import type { DumpPart } from '../../dumps/cutting/parts.ts'
import type { FlowRow, ReadRows } from './rows.ts'

interface Socket {
  readonly protocol: Protocol
  readonly state: string
  readonly local: string
  readonly localPort: number
  readonly peer: string
  bytes: number | undefined
  readonly where: string
}

/**
 * Connections that servers hold, from `ss -tan` inside their pods (or on the node): a socket whose port somebody listens on there, or,
 * where the listing has no listeners (`-H state established`), one whose port is no ephemeral one. With `-i`, their bytes too.
 */
export const readSs = ({ file, line: first, text }: DumpPart): ReadRows => {
  const sockets: Socket[] = []
  const warnings: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const where = `${file}:${first + index}`
    if (line.trim() === '' || /\bRecv-Q +Send-Q\b/.test(line)) continue
    const last = sockets.at(-1)
    if (/^\s/.test(line)) {
      if (last !== undefined) last.bytes = bytesOf(line) ?? last.bytes
      continue
    }
    const socket = socketOf(line, where)
    if (socket === null) warnings.push(`${where}: is no socket: ${JSON.stringify(line.trim().slice(0, 60))}`)
    else sockets.push(socket)
  }
  const listening = new Set(sockets.filter(({ state }) => state === 'LISTEN').map(({ localPort }) => localPort))
  const serves = ({ localPort }: Socket): boolean =>
    listening.size > 0 ? listening.has(localPort) : localPort < FIRST_EPHEMERAL
  const open = sockets.filter((socket) => socket.state !== 'LISTEN' && socket.state !== 'UNCONN' && serves(socket))
  return { rows: open.map(flowOf), warnings }
}

/** net.ipv4.ip_local_port_range begins there unless somebody changed it. */
const FIRST_EPHEMERAL = 32_768

const flowOf = ({ protocol, local, localPort, peer, bytes, where }: Socket): FlowRow => ({
  kind: 'flow',
  service: null,
  backend: formatEndpoint(local, localPort),
  client: peer,
  protocol,
  ...(bytes === undefined ? {} : { bytes }),
  where,
})

const socketOf = (line: string, where: string): Socket | null => {
  const [, netid = 'tcp', state = '', from = '', to = '', rest = ''] =
    /^(?:(tcp|udp|sctp) +)?([A-Z][A-Z\d-]+) +\d+ +\d+ +(\S+) +(\S+)(.*)$/.exec(line) ?? []
  const local = endpointOf(from)
  const peer = endpointOf(to)
  if (local === null || peer === null) return null
  const protocol = netid === 'udp' ? 'UDP' : netid === 'sctp' ? 'SCTP' : 'TCP'
  return {
    protocol,
    state,
    local: local.address,
    localPort: local.port,
    peer: peer.address,
    bytes: bytesOf(rest),
    where,
  }
}

/** `10.1.0.4:8080`, `[::ffff:10.1.0.4]:8080`, `10.1.0.4%eth0:68`, `*:*`, `0.0.0.0:*` */
const endpointOf = (text: string): { readonly address: string; readonly port: number } | null => {
  const colon = text.lastIndexOf(':')
  const host = text
    .slice(0, colon)
    .replace(/^\[|\]$/g, '')
    .replace(/%[^\]]*$/, '')
  const port = text.slice(colon + 1)
  const address = host === '*' ? '0.0.0.0' : canonicalAddress(host)
  if (colon < 1 || address === null || !/^(?:\d+|\*)$/.test(port)) return null
  return { address, port: port === '*' ? 0 : Number(port) }
}

const bytesOf = (text: string): number | undefined => {
  const of = (name: string): number => Number(new RegExp(`\\b${name}:(\\d+)`).exec(text)?.[1] ?? 0)
  const bytes = (of('bytes_sent') || of('bytes_acked')) + of('bytes_received')
  return bytes === 0 ? undefined : bytes
}
