import { expect, test } from 'vitest'
import { describeFailure, runAll } from '../../../test/conformance/run-all.ts'
import { groupsFor } from '../../../test/conformance/table.ts'
import { loadPlane, planeNames, variantsOf } from '../registry.ts'

test.each(planeNames.flatMap(variantsOf))(
  '$name: real packets meet the verdicts of the conformance table',
  async (variant) => {
    const { groups } = groupsFor((await loadPlane(variant.plane)).capabilities)
    const results = await runAll(groups, { variant })
    expect(results.length).toBeGreaterThan(0)
    expect(results.filter(({ problem }) => problem !== '').map(describeFailure)).toEqual([])
  },
  300_000,
)
