import { expect } from 'vitest'
import { type ReadScenario, readScenario, type ScenarioOverrides } from '../../src/simulate/file/read.ts'

export const head = 'apiVersion: evenkeel.io/v1alpha1\nkind: Scenario\n'
/** A scenario that says no more than it must. */
export const least = `${head}duration: 1m\npods: 2\nclients: {}\n`

export const read = (text: string, overrides: ScenarioOverrides = {}): ReturnType<typeof readScenario> =>
  readScenario(Buffer.from(text), 'web.yaml', overrides)

/** The scenario of a file in which nothing is wrong. */
export const good = (text: string, overrides: ScenarioOverrides = {}): ReadScenario => {
  const { read: scenario, problems } = read(text, overrides)
  expect(problems).toEqual([])
  if (scenario === null) throw new Error('neither a scenario nor a problem')
  return scenario
}

/** What is wrong with a file: `web.yaml:4 pods: must be …`. */
export const bad = (text: string, overrides: ScenarioOverrides = {}): readonly string[] => {
  const { read: scenario, problems } = read(text, overrides)
  expect(scenario).toBeNull()
  return problems.map(({ where, field, message }) => `${where} ${field}: ${message}`)
}
