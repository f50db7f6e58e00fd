import { planeNames, openDriver } from '../dataplane/registry.ts'
import { openKernel } from '../kernel/index.ts'
import { silent, type Log } from '../util/log.ts'

/** kube-proxy's `--cleanup` removes kube-proxy's rules; ours removes ours. */
export const cleanUp = async (log: Log): Promise<void> => {
  const kernel = await openKernel()
  for (const name of planeNames) {
    await using driver = await openDriver(name, kernel, { log: silent })
    for (const line of await driver.owned()) process.stdout.write(`removed ${line}\n`)
    await driver.remove()
  }
  log.info({}, '--cleanup removes the rules of evenkeel; those of kube-proxy: evenkeel clean --kube-proxy')
}
