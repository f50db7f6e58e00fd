import { openDrivers, planeNames } from '../../dataplane/registry.ts'
import { openKernel } from '../../kernel/index.ts'
import { type Log, silent } from '../../util/log.ts'
import { agentRuns } from '../preflight/preflight.ts'

/** kube-proxy's `--cleanup` removes kube-proxy's rules; ours removes ours. Throws where an agent would put them back. */
export const cleanUp = async (log: Log): Promise<void> => {
  if (await agentRuns())
    throw new Error('--cleanup: an agent runs in this network namespace and would put everything back: stop it first')
  const kernel = await openKernel()
  await using stack = new AsyncDisposableStack()
  for (const name of planeNames)
    for (const driver of await openDrivers(name, kernel, { log: silent })) {
      stack.use(driver)
      for (const line of await driver.owned()) process.stdout.write(`removed ${line}\n`)
      await driver.remove()
    }
  log.info({}, '--cleanup removes the rules of evenkeel; those of kube-proxy: evenkeel clean --kube-proxy')
}
