import { rawAttributes } from '../../../kernel/foreign/index.ts'
import { payloadBases } from '../../../kernel/nftables/expression-wire.ts'
import type { Fields } from '../../../kernel/nftables/fields.ts'
import type { Statement } from '../../../rules/model.ts'
import { extensionOf } from './extensions.ts'
import type { Known } from './headers.ts'
import type { RaiseContext } from './context.ts'

const sideEffect = (text: string): Statement => ({ kind: 'side-effect', text })

/**
 * Expressions that act or decide without a register of theirs, among those that the reader of our own tables keeps raw.
 * `end`: nothing behind it is reached.
 */
export const actionOf = (
  kernelName: string,
  fields: Fields,
  known: Known,
  context: RaiseContext,
): readonly Statement[] | 'end' => {
  switch (kernelName) {
    case 'limit':
    case 'quota':
    case 'connlimit':
      return [bounded(...boundOf(kernelName, fields))]
    case 'notrack':
      return [{ kind: 'notrack' }]
    case 'match':
    case 'target':
      return extensionOf(kernelName, fields, context)
    case 'reject':
      return [{ kind: 'reject', with: 'port-unreachable', as: `ICMP type ${fields.u32(1)} code ${fields.u8(2)}` }]
    case 'immediate':
      return verdict(fields)
    case 'meta':
      return [sideEffect(`meta key ${fields.u32(2)} set`)]
    case 'log':
    case 'last':
    case 'dup':
    case 'flow_offload':
    case 'exthdr':
    case 'secmark':
      return [sideEffect(kernelName)]
    case 'objref':
      return [object(fields, context)]
    case 'payload':
      return [write(fields, known)]
    default:
      return [{ kind: 'unknown', text: kernelName, role: targets.has(kernelName) ? 'target' : 'match' }]
  }
}

const targets = new Set(['queue', 'tproxy', 'synproxy', 'fwd'])

const NFTA_DATA_VERDICT = 2
/** −2; NFT_CONTINUE is −1 */
const NFT_BREAK = 0xfffffffe

/** The kernel's verdicts that the reader of our own tables leaves out: continue and break end the rule, queue hands the packet on. */
const verdict = (fields: Fields): readonly Statement[] | 'end' => {
  const inside = rawAttributes(fields.raw(2))
  while (inside.next()) {
    if (inside.type !== NFTA_DATA_VERDICT) continue
    const code = inside.nested()
    while (code.next()) if (code.type === 1 && code.u32be() >= NFT_BREAK) return 'end'
  }
  return [{ kind: 'unknown', text: 'queue', role: 'target' }]
}

const bounded = (text: string, over: boolean): Statement =>
  over
    ? { kind: 'state', text: `“${text}” does not match` }
    : { kind: 'state', text: `“${text}” matches`, assume: true }

/** NFTA_LIMIT_RATE, _UNIT (seconds), _FLAGS; NFTA_QUOTA_BYTES, _FLAGS; NFTA_CONNLIMIT_COUNT, _FLAGS: 1 is beyond the bound */
const boundOf = (name: 'limit' | 'quota' | 'connlimit', fields: Fields): [text: string, over: boolean] => {
  const over = (fields.u32(name === 'limit' ? 5 : 2) & 1) !== 0
  const beyond = over ? 'over ' : ''
  if (name === 'quota') return [`quota ${beyond}${fields.u64(1)} bytes`, over]
  if (name === 'connlimit') return [`ct count ${beyond}${fields.u32(1)}`, over]
  return [`limit rate ${beyond}${fields.u64(1)}/${units.get(fields.u64(2)) ?? `${fields.u64(2)}s`}`, over]
}

const units: ReadonlyMap<number, string> = new Map([
  [1, 'second'],
  [60, 'minute'],
  [3600, 'hour'],
  [86_400, 'day'],
  [604_800, 'week'],
])

/** NFT_OBJECT_* that match or do not */
const objectKinds: ReadonlyMap<number, string> = new Map([
  [2, 'quota'],
  [4, 'limit'],
  [5, 'ct count'],
])

/** A limit or quota by name; others (helpers, timeouts) decide nothing. */
const object = (fields: Fields, context: RaiseContext): Statement => {
  const [kind, name] = [objectKinds.get(fields.u32(1)), fields.string(2)]
  if (kind === undefined) return sideEffect(`object “${name}”`)
  return bounded(`${kind} name "${name}"`, context.isOver(fields.u32(1), name))
}

/** Bytes of a header are changed: before the protocol field nothing decides where the packet goes. */
const write = (fields: Fields, known: Known): Statement => {
  const [base, end] = [fields.u32(2), fields.u32(3) + fields.u32(4)]
  const text = `@${payloadBases[base] ?? 'header'} set`
  const harmless = payloadBases[base] === 'network' && end <= (known.nfproto === 10 ? 6 : 8)
  return harmless ? sideEffect(text) : { kind: 'unknown', text, role: 'target' }
}
