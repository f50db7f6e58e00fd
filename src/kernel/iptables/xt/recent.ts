import { formatAddress, parseAddress } from '../../../model/address.ts'
import { number, one, onlyHas, textAt, type XtCodec } from './codec.ts'

/** XT_RECENT_CHECK, _SET, _UPDATE, _REMOVE */
const recentActions = [
  [1, '--rcheck'],
  [2, '--set'],
  [4, '--update'],
  [8, '--remove'],
] as const
const REAP = 0x20

/** XT_RECENT_NAME_LEN with its NUL */
const NAME_LENGTH = 200

/** xt_recent_mtinfo_v1: seconds, hits, action and flags, inverted, name[200], side (1: destination), mask at 212 */
export const recent: XtCodec = {
  print: (info, { revision, family }) => {
    const asked = info.readUInt8(8) & ~REAP
    const [, action] = recentActions.find(([bit]) => bit === asked) ?? []
    const [seconds, hits] = [info.readUInt32LE(0), info.readUInt32LE(4)]
    if (revision !== 1 || action === undefined) return null
    const length = family === 'ip' ? 4 : 16
    const mask = formatAddress(info.toString('latin1', 212, 212 + length))
    return [
      `-m recent ${info.readUInt8(9) === 0 ? '' : '! '}${action}`,
      ...(seconds === 0 ? [] : [`--seconds ${seconds}`]),
      ...(hits === 0 ? [] : [`--hitcount ${hits}`]),
      ...((info.readUInt8(8) & REAP) === 0 ? [] : ['--reap']),
      `--name ${textAt(info, 10, 200)} --mask ${mask} ${info.readUInt8(210) === 0 ? '--rsource' : '--rdest'}`,
    ].join(' ')
  },
  build: (options) => {
    const { values, negated, family } = options
    const actions = recentActions.filter(([, option]) => values.has(option))
    const [action] = actions
    const name = one(options, '--name') ?? 'DEFAULT'
    const [seconds, hits] = [number(one(options, '--seconds'), 2 ** 32 - 1), number(one(options, '--hitcount'), 255)]
    const mask = parseAddress(one(options, '--mask') ?? '')
    if (actions.length !== 1 || action === undefined || mask === null || name.length >= NAME_LENGTH) return null
    if (mask.length !== (family === 'ip' ? 4 : 16)) return null
    if ((values.has('--seconds') && seconds === null) || (values.has('--hitcount') && hits === null)) return null
    const known = ['--seconds', '--hitcount', '--reap', '--name', '--mask', '--rsource', '--rdest']
    if (!onlyHas(options, action[1], ...known)) return null
    const info = Buffer.alloc(232)
    info.writeUInt32LE(seconds ?? 0, 0)
    info.writeUInt32LE(hits ?? 0, 4)
    info.writeUInt8(action[0] | (values.has('--reap') ? REAP : 0), 8)
    info.writeUInt8(negated.has(action[1]) ? 1 : 0, 9)
    info.write(name, 10)
    info.writeUInt8(values.has('--rdest') ? 1 : 0, 210)
    info.write(mask, 212, 'latin1')
    return { revision: 1, info }
  },
}
