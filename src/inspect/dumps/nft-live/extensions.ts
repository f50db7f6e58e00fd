import type { Fields } from '../../../kernel/nftables/fields.ts'
import type { Statement } from '../../../rules/model.ts'
import { extension } from '../nft-rules/extensions.ts'
import { matchers } from './xt-matches.ts'
import type { XtData } from './context.ts'
import { targets } from './xt-targets.ts'
import type { RaiseContext } from './context.ts'

/** NFTA_MATCH_NAME …, NFTA_TARGET_NAME … */
const attribute = { name: 1, revision: 2, info: 3 } as const

/** An extension of iptables in a rule of iptables-nft, from the kernel's own structures; else by its name. */
export const extensionOf = (type: 'match' | 'target', fields: Fields, context: RaiseContext): readonly Statement[] => {
  const name = fields.string(attribute.name)
  const blob: XtData = {
    bytes: Buffer.from(fields.raw(attribute.info), 'latin1'),
    revision: fields.u32(attribute.revision),
    context,
  }
  const readers = type === 'match' ? matchers : targets
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
  return read(reader, blob) ?? extension({ kind: 'extension', type, name, text: `xt ${type} "${name}"` }, false)
}

/** A structure that is shorter than it should be is not understood. */
const read = (
  reader: ((blob: XtData) => readonly Statement[] | undefined) | undefined,
  blob: XtData,
): readonly Statement[] | undefined => {
  try {
    return reader?.(blob)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
