import { conformanceCases } from '../../src/dataplane/conformance/conformance.ts'
import { caseInput, type ConformanceCase, lacking, type Need } from '../../src/dataplane/conformance/case.ts'
import type { Capabilities } from '../../src/dataplane/plane.ts'
import { familyOf } from '../../src/model/address.ts'
import { Planner } from '../../src/routing/planner.ts'
import type { Row, RowGroup } from './runner.ts'

export interface Skipped {
  readonly name: string
  readonly reason: string
}

/**
 * The conformance table for the kernel. Cases that differ only in family share a plan, since their frontends differ too:
 * half the plans to put into force.
 */
export const groupsFor = (plane: Capabilities): { groups: readonly RowGroup[]; skipped: readonly Skipped[] } => {
  const groups = new Map<string, RowGroup>()
  const skipped: Skipped[] = []
  for (const one of conformanceCases) {
    const reason = one.kernel ?? missing(plane, one.needs)
    if (reason !== null) {
      skipped.push({ name: one.name, reason })
      continue
    }
    const name = one.name.replace(` (${one.family})`, '')
    const group = groupOf(one, name)
    const key = staysInFamily(one) ? `${name} ${JSON.stringify(one.settings)}` : one.name
    const twin = groups.get(key)
    groups.set(key, twin ? merge(twin, group) : group)
  }
  return { groups: [...groups.values()], skipped }
}

const groupOf = (one: ConformanceCase, name: string): RowGroup => {
  const { snapshot, node } = caseInput(one)
  const planner = new Planner(node)
  planner.sync(snapshot)
  const rows = one.packets.map(({ expect, ...packet }): Row => ({ packet, want: expect }))
  const frontends = [...planner.frontends.values()]
  if (!staysInFamily(one)) return { name: one.name, node, frontends, rows }
  // The other family's frontends are in the twin.
  return { name, node, frontends: frontends.filter(({ family }) => family === one.family), rows }
}

const staysInFamily = ({ family, packets }: ConformanceCase): boolean =>
  packets.every(({ to }) => familyOf(to) === family)

const merge = (a: RowGroup, b: RowGroup): RowGroup => ({
  ...a,
  frontends: [...a.frontends, ...b.frontends],
  rows: [...a.rows, ...b.rows],
})

const missing = (plane: Capabilities, needs: readonly Need[]): string | null => {
  const absent = lacking(plane, needs)
  return absent.length === 0 ? null : `the plane has no ${absent.join(', ')}`
}
