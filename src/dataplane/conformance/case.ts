import type { NodeView } from '../../model/node-view.ts'
import type { Family, Protocol } from '../../model/objects.ts'
import type { InputProblem, Snapshot } from '../../model/snapshot.ts'
import { nodeView, type NodeSettings } from '../../routing/node-view.ts'
import { parseObject } from '../../sources/objects.ts'
import { Store } from '../../sources/store.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import type { Capabilities } from '../plane.ts'

/** What must become of a connection's first packet. */
export interface Expectation {
  readonly verdict: 'dnat' | 'reject' | 'drop' | 'none'
  /** with dnat: every backend that may be picked, `ip:port` or `[ip]:port` */
  readonly backends?: readonly string[]
  /** with dnat: each backend's share in the order of `backends`, relative to the others; absent: equal */
  readonly weights?: readonly number[]
  /** with dnat; null: depends on the backend (hairpin) */
  readonly masquerade?: boolean | null
}

export interface ConformancePacket {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly port: number
  readonly protocol: Protocol
  /** rows whose pods are known by interface: `pods` or `outside`; missing: sent by the node */
  readonly inputInterface?: string
  readonly expect: Expectation
}

/** A Kubernetes object as its YAML has it. */
export type RawObject = Readonly<Record<string, unknown>>

/** One row of the table, in one family. */
export interface ConformanceCase {
  readonly name: string
  readonly family: Family
  readonly settings: NodeSettings
  readonly objects: readonly RawObject[]
  readonly packets: readonly ConformancePacket[]
  /** what a plane must be able to do for this row, by name; a plane that cannot is not judged by it */
  readonly needs: readonly Need[]
  /** objects that the plan must complain about, e.g. `Service shop/web` */
  readonly problems: readonly string[]
  /** why real packets cannot show it; absent: they can */
  readonly kernel?: string
}

export type Need =
  | { [C in keyof Capabilities]: Capabilities[C] extends boolean ? C : never }[keyof Capabilities]
  | SchedulerName

/** The row's objects as routing takes them. `problems` is empty: a row whose own objects are refused is a mistake in the table. */
export const caseInput = ({
  settings,
  objects,
}: ConformanceCase): { snapshot: Snapshot; node: NodeView; problems: readonly InputProblem[] } => {
  const store = new Store()
  const problems: InputProblem[] = []
  for (const raw of objects) {
    const parsed = parseObject(raw, () => 'conformance')
    problems.push(...parsed.problems)
    if (parsed.object !== null) store.put(parsed.object)
  }
  return { snapshot: store.snapshot, node: nodeView(settings, store.snapshot), problems }
}

/** What a plane lacks of it, by name. */
export const lacking = (plane: Capabilities, needs: readonly Need[]): readonly Need[] =>
  needs.filter((need) =>
    need in plane
      ? plane[need as keyof Capabilities] !== true
      : !plane.schedulers.some((scheduler) => scheduler === need),
  )
