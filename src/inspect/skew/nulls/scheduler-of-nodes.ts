import type { Observation } from '../observation.ts'

/** Where nobody says how the Service's backends are chosen but its nodes' rules all say the same, that is it. */
export const withSchedulerOfNodes = (observation: Observation): Observation => {
  const { facts, nodes = [] } = observation
  const schedulers = new Set(nodes.map(({ scheduler }) => scheduler))
  const [scheduler] = schedulers
  if (facts.scheduler !== undefined || schedulers.size !== 1 || scheduler === undefined) return observation
  return { ...observation, facts: { ...facts, scheduler } }
}
