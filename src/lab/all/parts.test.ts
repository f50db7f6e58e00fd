import { expect, test } from 'vitest'
import { scenarioNames } from '../scenario.ts'
import { allParts } from './parts.ts'

test('every scenario that needs no manifests is run, each once', () => {
  const names = allParts().map(({ name }) => name)
  expect(names.toSorted()).toEqual(scenarioNames.filter((name) => name !== 'app' && name !== 'all').toSorted())
})
