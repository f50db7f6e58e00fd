import type { Bytes, NftExpr } from '../../nftables/types.ts'
import type { Extension, Options, XtCodec } from './codec.ts'
import { comment, nfacct } from './comment.ts'
import { mark, setMark } from './marks.ts'
import { tcp, sctp, udp } from './ports.ts'
import { recent } from './recent.ts'
import { addrtype, conntrack } from './states.ts'
import { statistic } from './statistic.ts'
import { dnat, masquerade, reject } from './targets.ts'

type Codecs = Readonly<Record<string, XtCodec>>

/** Extensions of x_tables that a Service proxy uses (linux/netfilter/xt_*.h). */
const matches: Codecs = { addrtype, comment, conntrack, mark, nfacct, recent, sctp, statistic, tcp, udp }
const targets: Codecs = { DNAT: dnat, MARK: setMark, MASQUERADE: masquerade, REJECT: reject }

/** `-m …`; null: not understood. */
export const matchText = (extension: Extension): string | null => print(matches, extension)
/** `-j …`; null: not understood. */
export const targetText = (extension: Extension): string | null => print(targets, extension)

/** nf_tables' expression for a match; null: options that are not known here. */
export const matchExpression = (name: string, options: Options): NftExpr | null =>
  build('match', matches, name, options)
/** nf_tables' expression for a target; null: options that are not known here. */
export const targetExpression = (name: string, options: Options): NftExpr | null =>
  build('target', targets, name, options)

/** Targets that are extensions, whatever their options. */
export const isTargetExtension = (name: string): boolean => Object.hasOwn(targets, name)

const codecOf = (codecs: Codecs, name: string): XtCodec | undefined =>
  Object.hasOwn(codecs, name) ? codecs[name] : undefined

/** A structure that is shorter than it should be is not understood. */
const print = (codecs: Codecs, extension: Extension): string | null => {
  try {
    return codecOf(codecs, extension.name)?.print(extension.info, extension) ?? null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

const build = (kernelName: 'match' | 'target', codecs: Codecs, name: string, options: Options): NftExpr | null => {
  const built = codecOf(codecs, name)?.build(options)
  if (!built) return null
  const head = Buffer.alloc(8)
  head.writeUInt16LE(8, 0)
  head.writeUInt16LE(REVISION, 2)
  head.writeUInt32BE(built.revision, 4)
  const raw = `${attribute(NAME, `${name}\0`)}${head.toString('latin1')}${attribute(INFO, built.info.toString('latin1'))}`
  return { name: 'unknown', kernelName, raw }
}

/** NFTA_MATCH_NAME …, NFTA_TARGET_NAME … */
const NAME = 1
const REVISION = 2
const INFO = 3

const attribute = (type: number, payload: Bytes): Bytes => {
  const header = Buffer.alloc(4)
  header.writeUInt16LE(payload.length + 4, 0)
  header.writeUInt16LE(type, 2)
  return header.toString('latin1') + payload.padEnd((payload.length + 3) & ~3, '\0')
}
