import type { Command } from 'commander'
import type { ScenarioName } from '../lab/scenario.ts'

const ofScale = ['services', 'endpoints', 'minutes', 'chart'] as const

/** Flags of `lab run` that mean nothing to a scenario. */
const without: { readonly [scenario in ScenarioName]: readonly string[] } = {
  even: ofScale,
  weighted: ofScale,
  app: ofScale,
  restart: ofScale,
  walkthrough: [...ofScale, 'scheduler', 'family', 'restarts'],
  scale: ['scheduler', 'family', 'restarts', 'pods', 'nodes', 'seed', 'level', 'keep'],
}

/** Throws for a flag that was given and that the scenario would not heed. */
export const checkFlags = (scenario: ScenarioName, command: Pick<Command, 'getOptionValueSource'>): void => {
  const given = without[scenario].filter((flag) => command.getOptionValueSource(flag) === 'cli')
  if (given.length > 0)
    throw new Error(`the scenario ${scenario} takes no ${given.map((flag) => `--${flag}`).join(', ')}`)
}
