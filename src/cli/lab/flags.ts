import type { Command } from 'commander'
import { type ImbalanceName, isImbalance } from '../../lab/imbalance/scenarios.ts'
import type { ScenarioName } from '../../lab/scenario.ts'

const ofScale = ['services', 'endpoints', 'minutes', 'chart'] as const

const ofImbalances = ['repeat'] as const

const ofAll = ['report', 'resume'] as const
const chosenByAll = [
  'scheduler',
  'connections',
  'nodes',
  'pods',
  'family',
  'restarts',
  'services',
  'endpoints',
  'chart',
  'keep',
]

/** Flags of `lab run` that mean nothing to a scenario. */
const without: { readonly [scenario in Exclude<ScenarioName, ImbalanceName>]: readonly string[] } = {
  even: [...ofScale, ...ofImbalances, ...ofAll],
  weighted: [...ofScale, ...ofImbalances, ...ofAll],
  app: [...ofScale, ...ofImbalances, ...ofAll],
  restart: [...ofScale, ...ofImbalances, ...ofAll],
  walkthrough: [...ofScale, ...ofImbalances, ...ofAll, 'scheduler', 'family', 'restarts'],
  scale: [...ofImbalances, ...ofAll, 'scheduler', 'family', 'restarts', 'pods', 'nodes', 'seed', 'level', 'keep'],
  all: chosenByAll,
}

const withoutInImbalances = [...ofScale, ...ofAll, 'family', 'restarts', 'keep']

/** Throws for a flag that was given and that the scenario would not heed. */
export const checkFlags = (scenario: ScenarioName, command: Pick<Command, 'getOptionValueSource'>): void => {
  const unheeded = isImbalance(scenario) ? withoutInImbalances : without[scenario]
  const given = unheeded.filter((flag) => command.getOptionValueSource(flag) === 'cli')
  if (given.length > 0)
    throw new Error(`the scenario ${scenario} takes no ${given.map((flag) => `--${flag}`).join(', ')}`)
}
