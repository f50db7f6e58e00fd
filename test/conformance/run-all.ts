import type { PlaneVariant } from '../../src/dataplane/registry.ts'
import { PacketRunner, type RowGroup, type RowResult } from './runner.ts'

export interface RunAllOptions {
  readonly variant: PlaneVariant
  readonly patience?: number
  /** groups at a time, each in namespaces of its own; default 2 */
  readonly worlds?: number
  readonly onGroup?: (name: string, results: readonly RowResult[]) => void
}

/** Judges every group. A group that cannot even be put into force fails in all its rows. */
export const runAll = async (groups: readonly RowGroup[], options: RunAllOptions): Promise<readonly RowResult[]> => {
  const queue = [...groups]
  const all: RowResult[] = []
  const work = async (world: number): Promise<void> => {
    await using runner = new PacketRunner({ ...options, world: String(world) })
    for (let group = queue.shift(); group; group = queue.shift()) {
      const results = await runner.run(group).catch((error: unknown) => failedGroup(group, error))
      all.push(...results)
      options.onGroup?.(group.name, results)
    }
  }
  await Promise.all(Array.from({ length: options.worlds ?? 2 }, (_, world) => work(world)))
  return all
}

const failedGroup = (group: RowGroup, error: unknown): RowResult[] => {
  const problem = error instanceof Error ? error.message : String(error)
  return group.rows.map((row) => ({ group: group.name, row, got: '', problem, refusedMs: 0 }))
}

/** `group: packet: problem (got …)`, one line */
export const describeFailure = ({ group, row: { packet, want }, problem, got }: RowResult): string => {
  const { name = '', from, to, port, protocol } = packet
  const expected = [want.verdict, ...(want.backends ?? [])].join(' ')
  return `${group}: ${name}: ${from} -> ${to}:${port}/${protocol}: ${problem}\n    want ${expected}\n    got  ${got}`
}
