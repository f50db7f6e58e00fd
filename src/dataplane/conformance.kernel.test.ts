import { expect, test } from 'vitest'
import { describeFailure, runAll } from '../../test/conformance/run-all.ts'
import { groupsFor } from '../../test/conformance/table.ts'
import { loadPlane, planeNames } from './registry.ts'

test.each(planeNames)(
  '%s: real packets meet the verdicts of the conformance table',
  async (name) => {
    const { groups } = groupsFor((await loadPlane(name)).capabilities)
    const results = await runAll(groups, { plane: name })
    expect(results.length).toBeGreaterThan(0)
    expect(results.filter(({ problem }) => problem !== '').map(describeFailure)).toEqual([])
  },
  300_000,
)
