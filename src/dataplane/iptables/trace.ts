import { addressBytes, familyOf, formatAddress } from '../../model/address.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Packet, Trace } from '../../model/packet.ts'
import { evaluator } from '../../rules/evaluate.ts'
import { traceOf } from '../../rules/trace.ts'
import type { Program } from '../plane.ts'
import type { IptablesObject } from './objects.ts'
import { tablesOf } from './tables.ts'

const RTN_UNICAST = 1
const RTN_LOCAL = 2
const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const

const inputInterface = (name: string | undefined): { readonly 'meta iifname'?: string } =>
  name === undefined ? {} : { 'meta iifname': Buffer.from(name).toString('latin1').padEnd(16, '\0') }

/** Reads the programs into tables once; then any packet can be asked. */
export const traceIptables = (
  programs: Iterable<Program<IptablesObject>>,
  node: NodeView,
): ((packet: Packet) => Trace) => {
  const evaluate = evaluator(tablesOf(programs))
  const own = new Set(node.addresses)
  const isLocal = (address: string): boolean => own.has(address) || address.startsWith('127.') || address === '::1'
  return (packet) => {
    const sentHere = packet.inputInterface === undefined && isLocal(packet.from)
    const outcome = evaluate(
      {
        family: familyOf(packet.to) === 'IPv4' ? 'ip' : 'ip6',
        saddr: addressBytes(packet.from),
        daddr: addressBytes(packet.to),
        protocol: protocolNumbers[packet.protocol],
        sport: null,
        dport: packet.port,
      },
      {
        entry: sentHere ? 'output' : 'prerouting',
        // masquerade is what the rules ask for, also where the backend is on this node and postrouting is not reached
        keeps: (address, translated) => !translated && isLocal(formatAddress(address)),
        addressType: (address) => (isLocal(formatAddress(address)) ? RTN_LOCAL : RTN_UNICAST),
        fields: { ...inputInterface(sentHere ? '' : packet.inputInterface) },
      },
    )
    return traceOf(outcome)
  }
}
