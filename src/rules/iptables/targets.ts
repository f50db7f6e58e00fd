import { formatAddress, parseAddress } from '../../model/address.ts'
import { number, u16, padded, u32 } from '../bytes.ts'
import type { Bytes, Statement } from '../model.ts'
import { accept, drop, jump } from '../terms.ts'
import type { RuleContext } from './context.ts'
import { parseMark, parsePorts, type Masked } from './prefix.ts'
import { type Option, printOption, printTarget, type Target } from './spec.ts'

type TargetReader = (options: readonly Option[], context: RuleContext) => readonly Statement[] | null

const valueOf = (options: readonly Option[], name: string): string | undefined => {
  const option = options.find((one) => one.name === name)
  return option?.values.length === 1 ? option.values[0] : undefined
}

const has = (options: readonly Option[], name: string): boolean => options.some((option) => option.name === name)

const all = 0xffffffff

/** mark = (mark & ~mask) ^ value, as MARK and CONNMARK keep it (libxt_MARK.c, mark_tg_parse). */
export const markChange = (options: readonly Option[]): Masked | null => {
  for (const { name, values } of options) {
    const parsed = values.length === 1 ? parseMark(values[0] as string) : null
    if (parsed === null) continue
    const { value, mask } = parsed
    switch (name) {
      case '--set-xmark':
        return parsed
      case '--set-mark':
        return { value, mask: (value | mask) >>> 0 }
      case '--or-mark':
        return { value, mask: value }
      case '--and-mark':
        return { value: 0, mask: ~value >>> 0 }
      case '--xor-mark':
        return { value, mask: 0 }
      default:
    }
  }
  return null
}

const mark: TargetReader = (options) => {
  const change = markChange(options)
  return change && [{ kind: 'mark', and: ~change.mask >>> 0, xor: change.value }]
}

const connmark: TargetReader = (options) => {
  if (has(options, '--left-shift-mark') || has(options, '--right-shift-mark')) return null
  const change = markChange(options)
  if (change !== null) return [{ kind: 'ct-mark', and: ~change.mask >>> 0, xor: change.value }]
  const masks = ['--ctmask', '--nfmask'].map((name) =>
    parseMark(valueOf(options, name) ?? valueOf(options, '--mask') ?? `${all}`),
  )
  const [ctMask, markMask] = masks
  if (!ctMask || !markMask) return null
  const both = { ctMask: ctMask.value, markMask: markMask.value }
  if (has(options, '--save-mark')) return [{ kind: 'save-mark', ...both }]
  return has(options, '--restore-mark') ? [{ kind: 'restore-mark', ...both }] : null
}

interface Destination {
  /** '': the address stays */
  readonly first: Bytes
  readonly last: Bytes
  /** 0: stays; null: one of a range */
  readonly port: number | null
}

/** `10.0.0.1:80`, `10.0.0.1-10.0.0.5:80-90`, `[fd00::1]:80`, `:80` */
const parseDestination = (text: string): Destination | null => {
  const split = splitDestination(text)
  const hosts = split.hosts.split('-')
  const range = split.ports === '' ? { low: 0, high: 0 } : parsePorts(split.ports, '-')
  if (range === null || hosts.length > 2) return null
  const port = range.low === range.high ? range.low : null
  if (hosts[0] === '') return hosts.length === 1 ? { first: '', last: '', port } : null
  const [first = null, last = first] = hosts.map(parseAddress)
  return first === null || last === null || first.length !== last.length ? null : { first, last, port }
}

const splitDestination = (text: string): { readonly hosts: string; readonly ports: string } => {
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    return { hosts: text.slice(1, end < 0 ? text.length : end), ports: end < 0 ? '' : text.slice(end + 2) }
  }
  const colon = text.indexOf(':')
  // more than one colon: an IPv6 address without port
  if (colon < 0 || text.includes(':', colon + 1)) return { hosts: text, ports: '' }
  return { hosts: text.slice(0, colon), ports: text.slice(colon + 1) }
}

/** More addresses than this in a range of DNAT are not spelled out. */
const MOST_ADDRESSES = 256

const dnat: TargetReader = (options, context) => {
  const destinations = options.filter(({ name }) => name === '--to-destination')
  const text = valueOf(options, '--to-destination')
  const to = destinations.length === 1 && text !== undefined ? parseDestination(text) : null
  if (to === null || to.port === null) return null
  if (to.first === to.last) return [{ kind: 'dnat', address: to.first, port: to.port }]
  return dnatToRange(to.first, to.last, to.port, context)
}

/** find_best_ips_proto() of nf_nat_core.c picks by a hash of both ends. */
const dnatToRange = (first: Bytes, last: Bytes, port: number, { sets }: RuleContext): readonly Statement[] | null => {
  const head = first.slice(0, -4)
  const base = number(first.slice(-4))
  const count = number(last.slice(-4)) - base + 1
  if (head !== last.slice(0, -4) || count < 1 || count > MOST_ADDRESSES) return null
  const map = `{ ${count} from ${formatAddress(first)} port ${port} }`
  const tail = port === 0 ? '' : padded(u16(port))
  if (!sets.has(map))
    sets.set(map, {
      name: map,
      dynamic: false,
      get: (key) => ({ to: 'data', data: `${head}${u32(base + number(key))}${tail}` }),
    })
  return [{ kind: 'dnat-map', key: [{ kind: 'symhash', modulus: count, offset: 0 }], map }]
}

const snat: TargetReader = (options) => {
  const text = valueOf(options, '--to-source')
  const to = text === undefined ? null : parseDestination(text)
  if (to === null) return null
  const { first, last, port } = to
  const statement: Statement = { kind: 'snat', address: first, ...(port !== null && port > 0 && { port }) }
  if (first === last) return [statement]
  return [{ kind: 'state', text: `the source becomes the first of ${text}`, assume: true }, statement]
}

const redirect: TargetReader = (options) => {
  const text = valueOf(options, '--to-ports')
  const range = text === undefined ? { low: 0, high: 0 } : parsePorts(text, '-')
  return range === null || range.low !== range.high ? null : [{ kind: 'redirect', port: range.low }]
}

const reject: TargetReader = (options) => {
  const how = valueOf(options, '--reject-with') ?? 'icmp-port-unreachable'
  if (how === 'tcp-reset') return [{ kind: 'reject', with: how }]
  return plainRejects.has(how)
    ? [{ kind: 'reject', with: 'port-unreachable' }]
    : [{ kind: 'reject', with: 'port-unreachable', as: how }]
}

/** What REJECT answers where nothing is said, in both families. */
export const plainRejects: ReadonlySet<string> = new Set([
  'icmp-port-unreachable',
  'port-unreach',
  'icmp6-port-unreachable',
])

/** A zone parts flows that would be one; where the first packet of a new one goes is the same in each. */
const conntrack: TargetReader = (options) => {
  if (has(options, '--notrack')) return [{ kind: 'notrack' }]
  return [{ kind: 'side-effect', text: ['CT', ...options.map(printOption)].join(' ') }]
}

const decided = (statement: Statement): TargetReader => {
  const statements = [statement]
  return (options) => (options.length === 0 ? statements : null)
}

const sideEffect =
  (name: string): TargetReader =>
  (options) => [{ kind: 'side-effect', text: [name, ...options.map(printOption)].join(' ') }]

const ipsetChange: TargetReader = (options, context) =>
  has(options, '--map-set') ? null : sideEffect('SET')(options, context)

const readers: ReadonlyMap<string, TargetReader | null> = new Map<string, TargetReader | null>([
  ['ACCEPT', decided(jump(accept))],
  ['DROP', decided(jump(drop))],
  ['RETURN', decided(jump({ verdict: 'return' }))],
  ['REJECT', reject],
  ['DNAT', dnat],
  ['SNAT', snat],
  ['MASQUERADE', (options) => [{ kind: 'masquerade', fullyRandom: has(options, '--random-fully') }]],
  ['REDIRECT', redirect],
  ['MARK', mark],
  ['CONNMARK', connmark],
  ['CT', conntrack],
  ['NOTRACK', decided({ kind: 'notrack' })],
  ['SET', ipsetChange],
  ...[
    'AUDIT CHECKSUM CLASSIFY CONNSECMARK DSCP ECN HL IDLETIMER LED LOG NFLOG RATEEST SECMARK TCPMSS TCPOPTSTRIP TEE TOS TRACE TTL ULOG',
  ]
    .join(' ')
    .split(' ')
    .map((name) => [name, sideEffect(name)] as const),
  // they take the packet where rules do not say
  ...'CLUSTERIP DNPT HMARK NETMAP NFQUEUE QUEUE SNPT SYNPROXY TPROXY'.split(' ').map((name) => [name, null] as const),
])

/** Names of targets that are extensions; every other name is a chain. */
export const isTarget = (name: string): boolean => readers.has(name)

/** What a target does; what is not understood becomes a statement that says so. */
export const readTarget = (target: Target, context: RuleContext): readonly Statement[] => {
  const { name, options, goto } = target
  if (!goto) {
    const reader = readers.get(name)
    const read = reader?.(options, context) ?? null
    if (read !== null) return read
    if (reader !== undefined || options.length > 0)
      return [{ kind: 'unknown', text: printTarget(target), role: 'target' }]
  }
  return [jump({ verdict: goto ? 'goto' : 'jump', chain: name })]
}
