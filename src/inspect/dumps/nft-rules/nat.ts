import { number, u8 } from '../../../rules/bytes.ts'
import type { Bytes, Statement } from '../../../rules/model.ts'
import { equals } from '../../../rules/terms.ts'
import type { RuleContext } from './context.ts'
import { boundsOf, datatypes } from './datatypes.ts'
import { isTyped, typedKey } from './expressions.ts'
import type { NatSyntax, Syntax } from './syntax.ts'

/** dnat, snat, redirect and masquerade. What leaves the kernel a choice of addresses or ports is unknown, by name. */
export const lowerNat = (nat: NatSyntax, context: RuleContext): readonly Statement[] => {
  const unknown: Statement = { kind: 'unknown', text: nat.text, role: 'target' }
  switch (nat.type) {
    case 'masquerade':
      return [{ kind: 'masquerade', fullyRandom: nat.flags.includes('fully-random') }]
    case 'redirect': {
      const port = portOf(nat.port)
      return [port === undefined ? unknown : { kind: 'redirect', port }]
    }
    case 'dnat':
      return nat.address?.kind === 'map'
        ? (lowerMap(nat, nat.address, context) ?? [unknown])
        : fixed(nat, context, unknown)
    case 'snat':
      return fixed(nat, context, unknown)
  }
}

const fixed = (nat: NatSyntax, context: RuleContext, unknown: Statement): readonly Statement[] => {
  const address = nat.address === undefined ? '' : addressOf(nat.address)
  const port = nat.type === 'dnat' ? portOf(nat.port) : 0
  // an address to be chosen by the kernel is still one: whoever is masqueraded cares for no more
  if (nat.type === 'snat' && address === undefined) return [{ kind: 'snat', address: '' }]
  if (address === undefined || port === undefined) return [unknown]
  const family = address.length === 4 ? 'ip' : address.length === 16 ? 'ip6' : nat.family
  const needs = needsOf(family, context)
  if (nat.type === 'snat') return [...needs, { kind: 'snat', address }]
  return [...needs, { kind: 'dnat', address, port }]
}

/** In a table of both families a translation to one leaves packets of the other alone. */
const needsOf = (family: 'ip' | 'ip6' | undefined, context: RuleContext): readonly Statement[] =>
  context.family !== 'inet' || family === undefined ? [] : [equals('meta nfproto', u8(family === 'ip' ? 2 : 10))]

const addressOf = (syntax: Syntax): Bytes | undefined => {
  const bounds = boundsOf(syntax, datatypes.ipv4_addr) ?? boundsOf(syntax, datatypes.ipv6_addr)
  return bounds !== undefined && bounds.low === bounds.high ? bounds.low : undefined
}

/** 0: none is given, the port stays. */
const portOf = (syntax: Syntax | undefined): number | undefined => {
  if (syntax === undefined) return 0
  const bounds = boundsOf(syntax, datatypes.inet_service)
  return bounds !== undefined && bounds.low === bounds.high ? number(bounds.low) : undefined
}

const lowerMap = (
  { family, port }: NatSyntax,
  { key, data }: Extract<Syntax, { kind: 'map' }>,
  context: RuleContext,
): readonly Statement[] | undefined => {
  const found = typedKey(key, context.family)
  if (!isTyped(found) || port !== undefined) return undefined
  if (data.kind === 'reference') context.uses(data.set, found.types)
  const named = data.kind === 'reference' ? data.set : undefined
  const map =
    named ??
    (data.kind === 'set'
      ? context.anonymous({ key: found.types, data: dataTypes(data, family ?? context.family) }, data.elements)
      : undefined)
  if (map === undefined) return undefined
  return [...needsOf(family, context), ...found.needs, { kind: 'dnat-map', key: found.key, map }]
}

/** An anonymous map's data shows by its first element what it is: an address, or an address and a port. */
const dataTypes = ({ elements }: Extract<Syntax, { kind: 'set' }>, family: string) => {
  const [first] = elements
  const parts = first?.value?.kind === 'concatenation' ? first.value.parts : [first?.value]
  const [head] = parts
  const isIPv6 = family === 'ip6' || (family === 'inet' && head?.kind === 'word' && head.text.includes(':'))
  const address = isIPv6 ? datatypes.ipv6_addr : datatypes.ipv4_addr
  return parts.length > 1 ? [address, datatypes.inet_service] : [address]
}
