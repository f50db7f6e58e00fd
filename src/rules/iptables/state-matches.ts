import type { Statement } from '../model.ts'
import { setMatch } from './set-matches.ts'
import type { MatchReader } from './context.ts'
import { type Option, printOption } from './spec.ts'

/** Matches on what no rules tell: lists and rates of the kernel, processes, the way a packet takes. Each says what it is taken for. */

const state = (text: string, assume: boolean, name?: string): Statement => ({
  kind: 'state',
  text,
  ...(name !== undefined && { name }),
  ...(assume && { assume }),
})

const valueOf = (options: readonly Option[], name: string): string | undefined =>
  options.find((option) => option.name === name)?.values[0]

const find = (options: readonly Option[], ...names: readonly string[]): Option | undefined =>
  options.find(({ name }) => names.includes(name))

/** xt_recent: `--set` notes the address and always matches, the others ask whether it is noted. */
const recent: MatchReader = (options) => {
  const name = valueOf(options, '--name') ?? 'DEFAULT'
  const mode = find(options, '--set', '--rcheck', '--update', '--remove')
  if (mode === undefined) return null
  if (mode.name === '--set')
    return mode.negated ? null : [{ kind: 'side-effect', text: `notes the client in list ${name}` }]
  const list = name.startsWith('KUBE-SEP-') ? 'affinity list' : 'list'
  const hits = valueOf(options, '--hitcount')
  const often = hits === undefined ? '' : ` ${hits} times`
  return [state(`client not${often} in ${list} ${name}`, mode.negated, name)]
}

/** `10/minute` is printed as `10/min`. */
export const normalRate = (text: string): string => {
  const [count = '', unit = 's'] = text.split('/')
  return `${count}/${rateUnits[unit.charAt(0)] ?? unit}`
}

const rateUnits: Readonly<Record<string, string>> = { s: 'sec', m: 'min', h: 'hour', d: 'day' }

const limit: MatchReader = (options) => {
  const rate = find(options, '--limit')
  return rate === undefined ? null : [state(`rate not above ${normalRate(rate.values.join(' '))}`, !rate.negated)]
}

const hashlimit: MatchReader = (options) => {
  const name = valueOf(options, '--hashlimit-name')
  const upto = find(options, '--hashlimit-upto', '--hashlimit')
  const above = find(options, '--hashlimit-above')
  const rate = upto ?? above
  if (rate === undefined) return null
  const text = `rate of ${name ?? 'hashlimit'} not above ${normalRate(rate.values.join(' '))}`
  return [state(text, (upto !== undefined) !== rate.negated, name)]
}

const connlimit: MatchReader = (options) => {
  const upto = find(options, '--connlimit-upto')
  const rate = upto ?? find(options, '--connlimit-above')
  if (rate === undefined) return null
  return [state(`not more than ${rate.values.join(' ')} connections`, (upto !== undefined) !== rate.negated)]
}

/** Each option of a process or an interface that we cannot see: taken as not so, and with `!` as so. */
const notSo =
  (text: (option: Option) => string, ignored: readonly string[] = []): MatchReader =>
  (options) => {
    const asked = options.filter(({ name }) => !ignored.includes(name))
    return asked.length === 0 ? null : asked.map((option) => state(text(option), option.negated))
  }

const bare = (option: Option): string => printOption({ ...option, negated: false }).slice(2)

const owner = notSo((option) => `sender is no process with ${bare(option)}`)
const cgroup = notSo((option) => `sender is no process in ${bare(option)}`)
const physdev = notSo((option) => `does not go through a bridge port (${bare(option)})`)

const rpfilter: MatchReader = (options) => [
  state('passes the reverse path filter', find(options, '--invert') === undefined),
]

const socket: MatchReader = () => [state('no local socket receives it', false)]

/** IPsec: packets of Services are taken for plain ones. */
const policy: MatchReader = (options) => {
  const asked = find(options, '--pol')
  if (asked === undefined || asked.negated) return null
  return [state('not part of an IPsec tunnel', asked.values[0] === 'none')]
}

const nfacct: MatchReader = (options) => [
  { kind: 'side-effect', text: `nfacct ${valueOf(options, '--nfacct-name') ?? ''}` },
]

const quota: MatchReader = (options) => {
  const asked = find(options, '--quota')
  return asked === undefined ? null : [state(`quota of ${asked.values.join(' ')} bytes not used up`, !asked.negated)]
}

export const stateMatches: readonly (readonly [string, MatchReader])[] = [
  ['recent', recent],
  ['set', setMatch],
  ['limit', limit],
  ['hashlimit', hashlimit],
  ['connlimit', connlimit],
  ['owner', owner],
  ['cgroup', cgroup],
  ['physdev', physdev],
  ['rpfilter', rpfilter],
  ['socket', socket],
  ['policy', policy],
  ['nfacct', nfacct],
  ['quota', quota],
]
