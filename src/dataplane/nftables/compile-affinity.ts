import type { Backend, Frontend } from '../../model/frontend.ts'
import { addressBytes } from '../../model/address.ts'
import { u8 } from '../../rules/bytes.ts'
import type { Rule, Statement } from '../../rules/model.ts'
import { counted, equals, field, goto, inSet } from '../../rules/terms.ts'
import { chainOf, explained, rule } from './chains.ts'
import type { PlacedTable } from './compile-slots.ts'
import { backendBytes, hairpinBytes, leading, member, protocolNumbers, slotBytes } from './elements.ts'
import { type Layout, plainSet } from './layout.ts'
import { type AffinityNames, affinityNames } from './names.ts'
import { setObject, type NftObject, type SetObject } from './objects.ts'

/** Clients that one backend's set remembers; a full set costs the next client its affinity, and is counted. */
const CLIENTS = 65_536

/**
 * Session affinity: every backend of the ServicePort has a timed set of its clients and a chain that renews the client's place and
 * sends it there. Returns the rules that look for a known client; the pick that follows leads to the same chains.
 */
export const compileAffinity = (
  layout: Layout,
  frontend: Frontend,
  picks: SetObject,
  key: string,
  { table, offset }: PlacedTable,
  objects: NftObject[],
): readonly Rule[] => {
  const names = new Map<Backend, AffinityNames>()
  table.slots.forEach((backend, slot) => {
    let its = names.get(backend)
    if (its === undefined) {
      its = affinityNames(frontend, backend)
      names.set(backend, its)
      objects.push(...backendObjects(layout, frontend, backend, its))
    }
    objects.push(leading(picks, key + slotBytes(offset + slot), { verdict: 'goto', chain: its.chain }))
  })
  // ordered by name, so that a change of slots does not move them
  return [...names.values()]
    .sort((a, b) => (a.set < b.set ? -1 : 1))
    .map(({ set, chain }) => rule(inSet([field(layout.saddr)], set), goto(chain)))
}

const backendObjects = (layout: Layout, frontend: Frontend, backend: Backend, names: AffinityNames): NftObject[] => {
  const { family, saddr } = layout
  const about = `${frontend.service}${frontend.portName && `:${frontend.portName}`}`
  const clients = plainSet(names.set, [family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'], `clients of ${about}`, {
    dynamic: true,
    timeoutMs: (frontend.affinitySeconds ?? 0) * 1000,
    size: CLIENTS,
  })
  // nft reads an address with a port only behind a transport protocol
  const protocol = equals('meta l4proto', u8(protocolNumbers[frontend.protocol]))
  const dnat: Statement = { kind: 'dnat', address: addressBytes(backend.address), port: backend.port }
  const remember: Statement = { kind: 'update', set: names.set, key: [field(saddr)] }
  return [
    setObject(family, clients),
    chainOf(family, names.chain, `clients of ${about} at one backend`, [
      rule(protocol, remember, { kind: 'counter' }, dnat),
      explained('could not be remembered', protocol, counted('affinity-full'), dnat),
    ]),
    member(layout.sets.hairpin, hairpinBytes(backendBytes(backend), frontend.protocol)),
  ]
}
