import type { MatchReader } from './context.ts'

/**
 * `-m set --match-set NAME src,dst`. The directions are those of the set's dimensions, so the set must be there (`ipset list`);
 * without it the match is not understood. Options that ask for counters of an element are state of the kernel.
 */
export const setMatch: MatchReader = (options, { ipsets }) => {
  const match = options.find(({ name }) => name === '--match-set' || name === '--set')
  const [name = '', flags = ''] = match?.values ?? []
  const set = ipsets.get(name)
  if (match === undefined || set === undefined || match.values.length !== 2) return null
  const directions = flags.split(',')
  if (!directions.every((one) => one === 'src' || one === 'dst')) return null
  if (options.some((option) => option !== match && !harmless.has(option.name) && !option.negated)) return null
  const key = set.keyOf(directions)
  return key && [{ kind: 'lookup', key, set: name, negated: match.negated }]
}

/** They decide what is counted, not what matches. */
const harmless = new Set(['--update-counters', '--update-subcounters'])
