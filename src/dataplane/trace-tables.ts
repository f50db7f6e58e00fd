import { addressBytes, familyOf, formatAddress } from '../model/address.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Packet, Trace } from '../model/packet.ts'
import { evaluator } from '../rules/evaluate.ts'
import type { Table } from '../rules/model.ts'
import { traceOf } from '../rules/trace.ts'

const RTN_UNICAST = 1
const RTN_LOCAL = 2

/** IANA's */
const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const

/** What a node with these tables does with a packet: for planes that compile to the rule model. Any number of packets may be asked. */
export const traceTables = (tables: readonly Table[], node: NodeView): ((packet: Packet) => Trace) => {
  const evaluate = evaluator(tables)
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

/** 16 bytes, as the kernel compares them; what the machine itself sends comes in by none. */
const inputInterface = (name: string | undefined): { readonly 'meta iifname'?: string } =>
  name === undefined ? {} : { 'meta iifname': Buffer.from(name).toString('latin1').padEnd(16, '\0') }
