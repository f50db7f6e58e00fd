import { type Command, InvalidArgumentError, Option } from 'commander'
import { openDrivers, planeNames } from '../../dataplane/registry.ts'
import { openKernel } from '../../kernel/index.ts'
import { silent } from '../../util/log.ts'
import type { CleanKubeProxyOptions } from './kube-proxy.ts'
import { agentRuns } from '../preflight/preflight.ts'

interface CleanOptions extends CleanKubeProxyOptions {
  readonly kubeProxy?: boolean
}

/**
 * Removes every kernel object of ours from this network namespace, of all planes, and nothing else; with --kube-proxy instead what a
 * kube-proxy left behind.
 */
export function register(command: Command): void {
  command
    .option('--dry-run', 'list what would be removed')
    .option('--kube-proxy', 'instead: what a kube-proxy that does not run any more left behind, in all its modes')
    .option(
      '--force',
      'also where an agent runs, which will put it back; with --kube-proxy: also what connections depend on',
    )
    .addOption(
      new Option(
        '--wait <seconds>',
        'with --kube-proxy: watch so long whether one that is not visible is alive (default: 35 in a container, else 0)',
      ).argParser(seconds),
    )
    .action(async (options: CleanOptions) => {
      if (options.kubeProxy) return (await import('./kube-proxy.ts')).cleanKubeProxy(options)
      if (!options.dryRun && !options.force && (await agentRuns()))
        throw new Error(
          'an agent runs in this network namespace and would put everything back: stop it first, or --force',
        )
      const kernel = await openKernel()
      await using stack = new AsyncDisposableStack()
      for (const name of planeNames)
        for (const driver of await openDrivers(name, kernel, { log: silent })) {
          stack.use(driver)
          for (const line of await driver.owned()) process.stdout.write(`${options.dryRun ? '' : 'removed '}${line}\n`)
          if (!options.dryRun) await driver.remove()
        }
    })
}

const seconds = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 600)
    throw new InvalidArgumentError('It must be a whole number of seconds, 0 to 600.')
  return value
}
