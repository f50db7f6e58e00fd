import { canonicalAddress, type CidrRange, parseAddress, parseCidr } from '../../model/address.ts'
import type { DumpPart } from './cutting/parts.ts'
import type { DumpProblem } from './problem.ts'

export interface InterfaceRoute {
  readonly range: CidrRange
  readonly name: string
}

/** What listings tell of the node's interfaces. */
export interface Interfaces {
  /** the node's own addresses, canonical, loopback included */
  readonly addresses: readonly string[]
  /** which interface leads to an address: the longest prefix wins */
  readonly routes: readonly InterfaceRoute[]
  /** it lists all addresses, as loopback among them shows; default false: a part of a listing, or routes */
  readonly whole?: boolean
  readonly problems: readonly DumpProblem[]
}

/** `eth0 UP 10.0.0.7/24 fe80::1/64`, the line of an interface in `ip -br addr` */
const brief =
  /^(\S+?)(?:@\S+)? +(?:UP|DOWN|UNKNOWN|DORMANT|LOWERLAYERDOWN|NOTPRESENT|TESTING) +((?:[\da-f.:]+\/\d+ *)+)$/

/** `ip addr`, `ip -o addr`, `ip -br addr`: addresses, and the networks that hang at each interface. */
export const readIpAddr = ({ text }: DumpPart): Interfaces => {
  let name = ''
  const found: { readonly name: string; readonly cidr: string }[] = []
  for (const line of text.split('\n')) {
    const [, device, all] = brief.exec(line.trimEnd()) ?? []
    if (device !== undefined && all !== undefined) {
      for (const cidr of all.trim().split(/ +/)) found.push({ name: device, cidr })
      continue
    }
    name = /^\d+: ([^:@\s]+)/.exec(line)?.[1] ?? name
    const local = /(?:^|\s)inet6? ([\da-f.:]+)(?: peer ([\da-f.:]+))?(\/\d+)?/.exec(line)
    if (local) found.push({ name, cidr: `${local[1]}${local[2] === undefined ? (local[3] ?? '') : ''}` })
  }
  return interfacesOf(found)
}

/** `ip -j addr` */
export const readIpAddrJson = ({ text, file, line }: DumpPart): Interfaces => {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return { ...none, problems: [{ file, line, text: 'is no whole JSON: the listing of addresses is cut' }] }
  }
  if (!Array.isArray(list)) return none
  return interfacesOf(
    list.flatMap((link: unknown) => {
      const { ifname, addr_info: infos } = (link ?? {}) as { ifname?: unknown; addr_info?: unknown }
      if (!Array.isArray(infos)) return []
      return infos.flatMap((info: unknown) => {
        const { local, prefixlen } = (info ?? {}) as { local?: unknown; prefixlen?: unknown }
        return typeof local === 'string' ? [{ name: String(ifname), cidr: `${local}/${String(prefixlen)}` }] : []
      })
    }),
  )
}

/** `ip route`, `ip -6 route`, `ip route show table all`, `ip route get`. */
export const readIpRoute = ({ text }: DumpPart): Interfaces => {
  const routes: InterfaceRoute[] = []
  const addresses: string[] = []
  for (const line of text.split('\n')) {
    const [, kind, target, name] =
      /^(?:(local|broadcast|anycast|multicast|unicast|blackhole|unreachable) )?(\S+) .*?\bdev (\S+)/.exec(line) ?? []
    if (target === undefined || name === undefined) continue
    const source = /\bsrc (\S+)/.exec(line)?.[1]
    const own = canonicalAddress(kind === 'local' ? target : (source ?? ''))
    if (own !== null) addresses.push(own)
    if (kind === undefined || kind === 'unicast') routes.push(...routesTo(target, name, line))
  }
  return { addresses, routes, problems: [] }
}

const routesTo = (target: string, name: string, line: string): readonly InterfaceRoute[] => {
  const six = target.includes(':') || (target === 'default' && /\bvia \S*:/.test(line))
  const cidr = target === 'default' ? (six ? '::/0' : '0.0.0.0/0') : target
  const range = rangeOf(cidr)
  return range === null ? [] : [{ range, name }]
}

const none: Interfaces = { addresses: [], routes: [], problems: [] }

const interfacesOf = (found: readonly { readonly name: string; readonly cidr: string }[]): Interfaces => ({
  addresses: found.flatMap(({ cidr }) => canonicalAddress(cidr.replace(/\/.*/, '')) ?? []),
  routes: found.flatMap(({ name, cidr }) => {
    const range = rangeOf(cidr)
    return range === null || name.startsWith('kube-ipvs') ? [] : [{ range, name }]
  }),
  whole: found.some(({ name }) => name === 'lo'),
  problems: [],
})

const rangeOf = (text: string): CidrRange | null => {
  if (text.includes('/')) return parseCidr(text)
  const bytes = parseAddress(text)
  return bytes === null ? null : { first: bytes, last: bytes, prefix: bytes.length * 8 }
}

/** The interface by which an address is reached; undefined: nothing says. */
export const interfaceTo = (routes: readonly InterfaceRoute[], address: string): string | undefined => {
  const bytes = parseAddress(address)
  if (bytes === null) return undefined
  let best: InterfaceRoute | undefined
  for (const route of routes) {
    const { first, last, prefix } = route.range
    if (first.length !== bytes.length || bytes < first || bytes > last) continue
    if (best === undefined || prefix > best.range.prefix) best = route
  }
  return best?.name
}
