import { canonicalAddress, formatAddress } from '../../../model/address.ts'
import type { Protocol } from '../../../model/objects.ts'
import { parsePorts } from '../../../rules/iptables/prefix.ts'
import type { DumpPart } from '../cutting/parts.ts'
import type { Forward, IpvsDestination, IpvsKey, IpvsService } from './model.ts'
import type { DumpProblem } from '../problem.ts'

export interface IpvsListing {
  readonly services: readonly IpvsService[]
  readonly problems: readonly DumpProblem[]
}

interface Draft extends Omit<IpvsService, 'destinations' | 'damaged'> {
  readonly destinations: IpvsDestination[]
  damaged?: true
}

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP']
const forwards: readonly Forward[] = ['Masq', 'Route', 'Tunnel', 'Local']

/**
 * `ipvsadm -Ln`, with or without `--stats` and `--rate`, and /proc/net/ip_vs (addresses and ports in hexadecimal, net/netfilter/ipvs/ip_vs_ctl.c,
 * ip_vs_info_seq_show). With `--stats` there are neither schedulers nor weights.
 */
export const readIpvsList = ({ file, line: first, text }: DumpPart): IpvsListing => {
  const services: Draft[] = []
  const problems: DumpProblem[] = []
  const rated = /CPS +InPPS/.test(text)
  const counted = rated || /Conns +InPkts/.test(text)
  // servers under a line that is no service belong to nobody
  let isOpen = false
  for (const [index, line] of text.split('\n').entries()) {
    const at = first + index
    const words = line.trim().split(/\s+/)
    if (words[0] === '->' && words[1] !== 'RemoteAddress:Port') {
      const destination = destinationOf(rated ? words.slice(0, 2) : words, counted, at)
      const service = isOpen ? services.at(-1) : undefined
      if (destination !== null) service?.destinations.push(destination)
      else {
        problems.push({ file, line: at, text: strange(line), doubt: true })
        if (service !== undefined) service.damaged = true
      }
    } else if (words[0] === 'FWM' || protocols.some((one) => one === words[0])) {
      const service = serviceOf(words, counted, file, at)
      isOpen = service !== null
      if (service === null) problems.push({ file, line: at, text: strange(line), doubt: true })
      else services.push(service)
    }
  }
  return { services, problems }
}

const strange = (line: string): string =>
  `is no line of ipvsadm -Ln that is understood: ${JSON.stringify(line.trim())}${/^\s*\S+ +\S*[a-z]/i.test(line) ? ' (a name instead of a number? list with -n)' : ''}`

const serviceOf = (words: readonly string[], counted: boolean, file: string, line: number): Draft | null => {
  const mark = words[0] === 'FWM'
  const six = mark && words[2] === 'IPv6'
  const key = mark ? markOf(words[1] ?? '', six) : addressOf(words[0] as Protocol, words[1] ?? '')
  if (key === null) return null
  const rest = words.slice(six ? 3 : 2)
  if (counted) return { key, scheduler: null, flags: [], persistence: null, destinations: [], file, line }
  const [scheduler, ...flags] = rest
  if (scheduler === undefined) return null
  const persistent = flags.indexOf('persistent')
  const seconds = persistent < 0 ? null : Number(flags[persistent + 1])
  return { key, scheduler, flags: flagsOf(flags), persistence: seconds, destinations: [], file, line }
}

/** What is neither `persistent SECONDS MASK` nor `mask MASK`; `(sh-port,sh-fallback)` loses its parentheses. */
const flagsOf = (words: readonly string[]): readonly string[] =>
  words
    .filter((word) => /^(?:\(|ops$|[a-z]+-[a-z\d]+)/.test(word))
    .flatMap((word) => word.replace(/[()]/g, '').split(','))

const markOf = (text: string, six: boolean): IpvsKey | null => {
  // /proc has eight hexadecimal digits, ipvsadm a decimal number
  const mark = /^[\dA-F]{8}$/.test(text) ? Number.parseInt(text, 16) : Number(text)
  return Number.isInteger(mark) ? { kind: 'mark', family: six ? 'ip6' : 'ip', mark } : null
}

const addressOf = (protocol: Protocol, text: string): IpvsKey | null => {
  const endpoint = endpointOf(text)
  return endpoint && { kind: 'address', protocol, ...endpoint }
}

/** `10.96.0.1:443`, `[fd00::1]:443`, `0A600001:01BB`, `[fd00:0000:…:0001]:01BB` */
export const endpointOf = (text: string): { readonly address: string; readonly port: number } | null => {
  const colon = text.lastIndexOf(':')
  const [host, port] = [text.slice(0, colon), text.slice(colon + 1)]
  if (/^[\dA-F]{8}$/.test(host)) return { address: hexAddress(host), port: Number.parseInt(port, 16) }
  const address = canonicalAddress(host.startsWith('[') ? host.slice(1, -1) : host)
  if (address === null) return null
  const hexadecimal = /^\[(?:[\da-f]{4}:){7}/.test(host) && /^[\dA-F]{4}$/.test(port)
  if (hexadecimal) return { address, port: Number.parseInt(port, 16) }
  // a listing without -n
  const range = parsePorts(port)
  return range === null || range.low !== range.high ? null : { address, port: range.low }
}

const hexAddress = (text: string): string => formatAddress(Buffer.from(text, 'hex').toString('latin1'))

const destinationOf = (words: readonly string[], counted: boolean, line: number): IpvsDestination | null => {
  const [, remote = '', forward, weight, active, inactive] = words
  const endpoint = endpointOf(remote)
  if (endpoint === null) return null
  if (counted)
    return { ...endpoint, forward: 'Masq', weight: null, active: null, inactive: null, ...statsOf(words), line }
  const how = forwards.find((one) => one === forward)
  if (how === undefined || !isCount(weight) || !isCount(active) || !isCount(inactive)) return null
  return { ...endpoint, forward: how, weight: Number(weight), active: Number(active), inactive: Number(inactive), line }
}

/** `-> ADDRESS Conns InPkts OutPkts InBytes OutBytes`; of `--rate` they are rates, which add up to nothing. */
const statsOf = ([, , ...counts]: readonly string[]): Pick<IpvsDestination, 'connections' | 'bytes'> => {
  const [connections, , , bytesIn, bytesOut] = counts.map(largeNumber)
  if (connections === undefined || bytesIn === undefined || bytesOut === undefined) return {}
  return { connections, bytes: bytesIn + bytesOut }
}

const thousands: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 }

/** From 10⁸ on ipvsadm cuts numbers to thousands, and so on (`--exact` does not). */
const largeNumber = (text: string): number | undefined => {
  const [, digits, unit = ''] = /^(\d+)([KMGT])?$/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) * (thousands[unit] ?? 1)
}

const isCount = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text)
