import type { Command } from 'commander'
import { askAgent } from '../agent/control.ts'
import { planeNames, openDriver } from '../dataplane/registry.ts'
import { openKernel } from '../kernel/index.ts'
import { silent } from '../util/log.ts'

interface CleanOptions {
  readonly dryRun?: boolean
  readonly force?: boolean
}

/** Removes every kernel object of ours from this network namespace, of all planes, and nothing else. */
export function register(command: Command): void {
  command
    .option('--dry-run', 'list what would be removed')
    .option('--force', 'also where an agent runs, which will put it back')
    .action(async (options: CleanOptions) => {
      if (!options.dryRun && !options.force && (await agentRuns()))
        throw new Error(
          'an agent runs in this network namespace and would put everything back: stop it first, or --force',
        )
      const kernel = await openKernel()
      for (const name of planeNames) {
        await using driver = await openDriver(name, kernel, { log: silent })
        for (const line of await driver.owned()) process.stdout.write(`${options.dryRun ? '' : 'removed '}${line}\n`)
        if (!options.dryRun) await driver.remove()
      }
    })
}

/** Also one that does not answer is one. */
const agentRuns = async (): Promise<boolean> => {
  try {
    return (await askAgent({ request: 'status', verify: false, counters: false })) !== null
  } catch {
    return true
  }
}
