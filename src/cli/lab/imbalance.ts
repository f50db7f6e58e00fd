import type { ImbalanceOptions } from '../../lab/imbalance/scenario.ts'
import { imbalances, type ImbalanceName } from '../../lab/imbalance/scenarios.ts'
import { imbalanceText } from './imbalance-text.ts'
import { progressOn } from './progress.ts'

export interface ImbalanceFlags extends Omit<ImbalanceOptions, 'progress' | 'note'> {
  readonly output: 'table' | 'json'
}

/** `lab run` of a reported imbalance. Exit 1 where connections failed or what was measured is not what was predicted. */
export const labImbalance = async (name: ImbalanceName, { output, ...options }: ImbalanceFlags): Promise<void> => {
  const progress = progressOn(process.stderr)
  try {
    const run = await imbalances[name].load()
    const { report, faults } = await run({ ...options, progress: progress.step, note: progress.note })
    progress.end()
    process.stdout.write(output === 'json' ? `${JSON.stringify(report)}\n` : imbalanceText(report))
    for (const fault of faults) process.stderr.write(`${fault}\n`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    progress.end()
  }
}
