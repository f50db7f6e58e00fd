import type { FrontendKey } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import type { ServiceKey } from '../model/objects.ts'
import type { Packet, Trace } from '../model/packet.ts'
import type { Decision } from '../routing/decide.ts'
import { compareAnswers, type Contrast } from './compare.ts'
import { packetsFor, type Subject } from './compare-packets.ts'

/** One frontend that live rules serve otherwise than the plan would, with a packet that shows it. */
export interface Difference extends Contrast {
  readonly frontend: FrontendKey
  /** '' nobody's any more: the plan has no such frontend */
  readonly service: ServiceKey
  readonly packet: Packet
  /** how many of the packets tried show one, this one among them */
  readonly packets: number
}

export type FrontendComparison =
  | { readonly is: 'same' }
  | { readonly is: 'unsure'; readonly packet: Packet; readonly why: string }
  | { readonly is: 'different'; readonly difference: Difference }

export interface Sides {
  readonly node: NodeView
  /** what the plan does with a packet */
  readonly decide: (packet: Packet) => Decision
  /** what the rules do with it */
  readonly trace: (packet: Packet) => Trace
}

/**
 * Tries every packet that `frontend` may be told by. A difference wins over what is unsure: it is certain. `frontend` need not be
 * planned any more: then the rules should do nothing for its address.
 */
export const compareFrontend = (frontend: Subject, sides: Sides): FrontendComparison => {
  const { node, decide, trace } = sides
  const keeps = (address: string): boolean => node.addresses.includes(address)
  let unsure: FrontendComparison | null = null
  const differences: Difference[] = []
  for (const packet of packetsFor(frontend, node)) {
    const decision = decide(packet)
    const result = compareAnswers(decision, trace(packet), keeps)
    if (result.is === 'unsure') unsure ??= { is: 'unsure', packet, why: result.why }
    if (result.is !== 'different') continue
    const { kind, planned, found } = result
    const service = decision.frontend === null ? '' : frontend.service
    differences.push({ frontend: frontend.key, service, kind, packet, planned, found, packets: 1 })
  }
  const [first] = differences
  if (first !== undefined) return { is: 'different', difference: { ...first, packets: differences.length } }
  return unsure ?? same
}

const same: FrontendComparison = { is: 'same' }
