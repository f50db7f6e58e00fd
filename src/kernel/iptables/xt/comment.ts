import { one, onlyHas, textAt, type XtCodec } from './codec.ts'

/** xtables_save_string: in quotes, unless it is of letters, digits, `-` and `_` alone. */
const quoted = (text: string): string =>
  /^[-\w]+$/.test(text) ? text : `"${text.replaceAll(/["\\']/g, (character) => `\\${character}`)}"`

/** xt_comment_info: 256 bytes */
export const comment: XtCodec = {
  print: (info) => `-m comment --comment ${quoted(textAt(info, 0, 256))}`,
  build: (options) => {
    const text = one(options, '--comment')
    if (text === null || !onlyHas(options, '--comment')) return null
    const info = Buffer.alloc(256)
    return Buffer.byteLength(text) < 256 && info.write(text) > 0 ? { revision: 0, info } : null
  },
}

/** xt_nfacct_match_info: name[32], then a pointer of the kernel’s */
export const nfacct: XtCodec = {
  print: (info) => `-m nfacct --nfacct-name ${textAt(info, 0, 32)}`,
  build: (options) => {
    const name = one(options, '--nfacct-name')
    if (name === null || name.length >= 32 || !onlyHas(options, '--nfacct-name')) return null
    const info = Buffer.alloc(40)
    info.write(name)
    return { revision: 0, info }
  },
}
