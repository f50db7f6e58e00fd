import { addressBytes, familyOf, formatEndpoint } from '../../../model/address.ts'
import { padded, u16, u32, u8 } from '../../../rules/bytes.ts'
import { fraction, subtract, one as whole } from '../../../rules/fraction.ts'
import type { Bytes, Chain, ElementValue, Field, Rule, RuleSet, Statement, Table } from '../../../rules/model.ts'
import { field, vmap } from '../../../rules/terms.ts'
import { formatKey, type IpvsDestination, type IpvsService, type IpvsState } from './model.ts'
import { pickOf, type IpvsShare } from './odds.ts'

const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const
/** net/netfilter/ipvs/ip_vs_core.c, ip_vs_ops4: NF_IP_PRI_NAT_SRC − 2 at input, NF_IP_PRI_NAT_DST + 2 at output */
const LOCAL_IN = 98
const LOCAL_OUT = -98

/**
 * Virtual services as rules, so that the one evaluator walks through them too: a base chain at each of IPVS' hooks, and for every
 * service a chain that translates with the scheduler's odds. A firewall mark wins over an address, an exact port over port 0.
 */
export const ipvsTables = ({ services }: IpvsState): readonly Table[] =>
  (['ip', 'ip6'] as const).flatMap((family) => {
    const own = services.filter((service) => familyOfService(service) === family)
    return own.length === 0 ? [] : [tableOf(family, own)]
  })

const familyOfService = ({ key }: IpvsService): 'ip' | 'ip6' => {
  if (key.kind === 'mark') return key.family
  return familyOf(key.address) === 'IPv6' ? 'ip6' : 'ip'
}

const tableOf = (family: 'ip' | 'ip6', services: readonly IpvsService[]): Table => {
  const daddr: Field = family === 'ip' ? 'ip daddr' : 'ip6 daddr'
  const dispatch: Rule[] = [
    { statements: [vmap([field('meta mark')], 'marks')] },
    { statements: [vmap([field(daddr), field('meta l4proto'), field('th dport')], 'services')] },
    { statements: [vmap([field(daddr), field('meta l4proto')], 'any-port')] },
  ]
  const hook = (name: 'input' | 'output', priority: number): Chain => ({
    name: name === 'input' ? 'LOCAL_IN' : 'LOCAL_OUT',
    hook: { type: 'filter', hook: name, priority, policy: 'accept' },
    rules: dispatch,
  })
  const chains = [hook('input', LOCAL_IN), hook('output', LOCAL_OUT), ...services.map(chainOf)]
  return {
    family,
    name: 'ipvs',
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    sets: new Map([
      ['marks', dispatchMap('marks', services, markKey)],
      ['services', dispatchMap('services', services, exactKey)],
      ['any-port', dispatchMap('any-port', services, anyPortKey)],
    ]),
  }
}

const dispatchMap = (
  name: string,
  services: readonly IpvsService[],
  keyOf: (service: IpvsService) => Bytes | null,
): RuleSet => {
  const found = new Map<Bytes, ElementValue>()
  for (const service of services) {
    const key = keyOf(service)
    if (key !== null) found.set(key, { to: 'jump', jump: { verdict: 'goto', chain: formatKey(service.key) } })
  }
  return { name, dynamic: false, get: (key) => found.get(key), entries: () => found }
}

const markKey = ({ key }: IpvsService): Bytes | null => (key.kind === 'mark' ? u32(key.mark) : null)

const addressKey = (address: string, protocol: 'TCP' | 'UDP' | 'SCTP'): Bytes =>
  addressBytes(address) + padded(u8(protocolNumbers[protocol]))

const exactKey = ({ key }: IpvsService): Bytes | null =>
  key.kind === 'mark' || key.port === 0 ? null : addressKey(key.address, key.protocol) + padded(u16(key.port))

const anyPortKey = ({ key }: IpvsService): Bytes | null =>
  key.kind === 'mark' || key.port !== 0 ? null : addressKey(key.address, key.protocol)

const chainOf = (service: IpvsService): Chain => {
  const { file, line, persistence, scheduler } = service
  const { shares, conditions, unknown } = pickOf(service)
  const title = `${formatKey(service.key)} ${scheduler ?? ''}`.trim()
  const persistent = persistence === null ? [] : [`client has no persistent backend at ${title} yet`]
  const assumed = [...persistent, ...conditions].map((text): Statement => ({ kind: 'state', text, assume: true }))
  const guess: readonly Rule[] =
    unknown === ''
      ? []
      : [{ statements: [{ kind: 'unknown', text: unknown, role: 'target' }], text: title, file, line }]
  return { name: formatKey(service.key), file, line, rules: [...guess, ...pickRules(service, shares, assumed, title)] }
}

/** Each with the odds that remain for it, the last with the rest; nobody: ip_vs_leave() sends a port unreachable. */
const pickRules = (
  { file, line, damaged }: IpvsService,
  shares: readonly IpvsShare[],
  assumed: readonly Statement[],
  title: string,
): readonly Rule[] => {
  if (shares.length === 0) {
    if (damaged === true) return []
    const text = `${title}: no server of weight above 0`
    return [{ statements: [{ kind: 'reject', with: 'port-unreachable' }], text, file, line }]
  }
  let rest = whole
  return shares.map(({ destination, odds }, i): Rule => {
    const chance = fraction(odds.numerator * rest.denominator, odds.denominator * rest.numerator)
    rest = subtract(rest, odds)
    const last = i === shares.length - 1
    return {
      statements: [...assumed, ...(last ? [] : [{ kind: 'chance', odds: chance } as const]), ...sendTo(destination)],
      text: textOf(destination, title),
      file,
      line: destination.line,
    }
  })
}

const sendTo = ({ address, port, forward }: IpvsDestination): readonly Statement[] => {
  const dnat: Statement = { kind: 'dnat', address: addressBytes(address), port }
  if (forward === 'Masq' || forward === 'Local') return [dnat]
  return [
    { kind: 'state', assume: true, text: `${address} is reached by ${forward}: the packet keeps its destination` },
    dnat,
  ]
}

const textOf = ({ address, port, forward, weight }: IpvsDestination, title: string): string =>
  `-> ${formatEndpoint(address, port)} ${forward}${weight === null ? '' : ` weight ${weight}`} (${title})`
