import { plainSet } from '../../kernel/nftables/plain-set.ts'
import type { Backend } from '../../model/frontend.ts'
import { addressBytes } from '../../model/address.ts'
import { u8 } from '../../rules/bytes.ts'
import type { Rule, Statement } from '../../rules/model.ts'
import { counted, equals, field, goto, inSet } from '../../rules/terms.ts'
import { chainOf, explained, rule } from './chains.ts'
import type { PlacedTable } from './compile-slots.ts'
import { AFFINITY_FULL } from './dispatch.ts'
import { protocolNumbers, slotElement } from './elements.ts'
import { type AffinityNames, affinityNames } from './names.ts'
import { setObject, type NftObject, type SetObject } from './objects.ts'
import type { Subject } from './subject.ts'

/** Clients that one backend's set remembers; a full set costs the next client its affinity, and is counted. */
const CLIENTS = 65_536

/**
 * Session affinity: every backend of the ServicePort has a timed set of its clients and a chain that renews the client's place and
 * sends it there. Returns the rules that look for a known client; the pick that follows leads to the same chains.
 */
export const compileAffinity = (
  subject: Subject,
  picks: SetObject,
  { table, offset }: PlacedTable,
): readonly Rule[] => {
  const { layout, frontend, key, objects } = subject
  const names = new Map<Backend, AffinityNames>()
  table.slots.forEach((backend, slot) => {
    let its = names.get(backend)
    if (its === undefined) {
      its = affinityNames(frontend, backend)
      names.set(backend, its)
      objects.push(...backendObjects(subject, backend, its))
    }
    objects.push(slotElement(picks, key, offset + slot, { verdict: 'goto', chain: its.chain }))
  })
  // ordered by name, so that a change of slots does not move them
  return [...names.values()]
    .sort((a, b) => (a.set < b.set ? -1 : 1))
    .map(({ set, chain }) => rule(inSet([field(layout.saddr)], set), goto(chain)))
}

const backendObjects = ({ layout, place, frontend }: Subject, backend: Backend, names: AffinityNames): NftObject[] => {
  const { family, saddr, address } = layout
  const clients = plainSet(names.set, [address], names.comment, {
    dynamic: true,
    timeoutMs: (frontend.affinitySeconds ?? 0) * 1000,
    size: CLIENTS,
  })
  // nft reads an address with a port only behind a transport protocol
  const protocol = equals('meta l4proto', u8(protocolNumbers[frontend.protocol]))
  const dnat: Statement = { kind: 'dnat', address: addressBytes(backend.address), port: backend.port }
  const remember: Statement = { kind: 'update', set: names.set, key: [field(saddr)] }
  return [
    setObject(family, place.table, clients),
    chainOf(place, names.chain, names.comment, [
      rule(protocol, remember, { kind: 'counter' }, dnat),
      explained('could not be remembered', protocol, counted(AFFINITY_FULL), dnat),
    ]),
  ]
}
