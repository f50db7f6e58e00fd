import { addressBytes, familyOf } from '../../src/model/address.ts'
import { evaluator } from '../../src/rules/evaluate.ts'
import type { Table } from '../../src/rules/model.ts'
import { traceOf } from '../../src/rules/trace.ts'

/** One question to a ruleset, for the readers' tests. */
export interface Asked {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

const numbers = { tcp: 6, udp: 17 } as const
const RTN_UNICAST = 1
const RTN_LOCAL = 2

/** The answers in a line each: `dnat 10.180.0.1:80 1/2, … masqueraded`. `local`: the machine's own address. */
export const asking = (tables: readonly Table[], local: string): ((asked: Asked) => string) => {
  const evaluate = evaluator(tables)
  return ({ from, to, port, protocol }) => {
    const outcome = evaluate(
      {
        family: familyOf(to) === 'IPv6' ? 'ip6' : 'ip',
        saddr: addressBytes(from),
        daddr: addressBytes(to),
        protocol: numbers[protocol],
        sport: null,
        dport: port,
      },
      {
        entry: from === local ? 'output' : 'prerouting',
        keeps: (address, translated) => !translated && address === addressBytes(local),
        addressType: (address) => (address === addressBytes(local) ? RTN_LOCAL : RTN_UNICAST),
        fields: { 'meta iifname': 'eth0'.padEnd(16, '\0'), 'meta oifname': 'eth1'.padEnd(16, '\0') },
      },
      { accepts: true },
    )
    const { verdict, backends, masquerade, partial, unknown } = traceOf(outcome)
    const to2 = backends.map(
      ({ address, port: at, probability: { numerator, denominator } }) =>
        `${address}:${at} ${numerator}/${denominator}`,
    )
    const source = masquerade === null ? ' masquerade depends' : masquerade ? ' masqueraded' : ''
    return `${verdict}${to2.length > 0 ? ` ${to2.join(', ')}` : ''}${source}${partial ? ` partial: ${unknown.join('; ')}` : ''}`
  }
}
