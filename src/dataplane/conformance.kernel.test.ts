import { expect, test } from 'vitest'
import { describeFailure, runAll } from '../../test/conformance/run-all.ts'
import { groupsFor } from '../../test/conformance/table.ts'
import type { IptablesBackEnd } from '../kernel/iptables/types.ts'
import type { PlaneName } from './plane.ts'
import { loadPlane, planeNames } from './registry.ts'

interface Judged {
  readonly name: string
  readonly plane: PlaneName
  readonly iptables?: IptablesBackEnd
}

const judged: readonly Judged[] = planeNames.flatMap((plane): readonly Judged[] =>
  plane === 'iptables'
    ? (['nft', 'legacy'] as const).map((iptables) => ({ name: `iptables (${iptables})`, plane, iptables }))
    : [{ name: plane, plane }],
)

test.each(judged)(
  '$name: real packets meet the verdicts of the conformance table',
  async ({ plane, iptables }) => {
    const { groups } = groupsFor((await loadPlane(plane)).capabilities)
    const results = await runAll(groups, { plane, ...(iptables && { iptables }) })
    expect(results.length).toBeGreaterThan(0)
    expect(results.filter(({ problem }) => problem !== '').map(describeFailure)).toEqual([])
  },
  300_000,
)
