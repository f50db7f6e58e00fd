import { expect, test } from 'vitest'
import type { ScenarioName } from '../../lab/scenario.ts'
import { checkFlags } from './flags.ts'

const given = (...flags: readonly string[]) => ({
  getOptionValueSource: (flag: string) => (flags.includes(flag) ? 'cli' : 'default'),
})

test.each<[ScenarioName, readonly string[], RegExp | null]>([
  ['even', ['scheduler', 'keep', 'seed'], null],
  ['even', ['services'], /^the scenario even takes no --services$/],
  ['walkthrough', ['pods', 'keep', 'plane'], null],
  ['walkthrough', ['scheduler', 'chart'], /takes no --chart, --scheduler$/],
  ['scale', ['services', 'minutes', 'chart', 'connections'], null],
  ['scale', ['keep'], /takes no --keep$/],
  ['even', ['repeat'], /takes no --repeat$/],
  ['affinity', ['repeat', 'pods', 'nodes', 'scheduler'], null],
  ['affinity', ['resume'], /takes no --resume$/],
  ['all', ['plane', 'seed', 'level', 'repeat', 'minutes', 'report', 'resume', 'output'], null],
  ['all', ['connections', 'chart'], /takes no --connections, --chart$/],
  ['affinity', ['keep', 'minutes'], /takes no --minutes, --keep$/],
])('%s with %j', (scenario, flags, words) => {
  const check = (): void => checkFlags(scenario, given(...flags))
  if (words === null) expect(check).not.toThrow()
  else expect(check).toThrow(words)
})
