import { openIptablesDriver } from '../../src/dataplane/iptables/driver.ts'
import { createIptablesPlane } from '../../src/dataplane/iptables/index.ts'
import { Reconciler } from '../../src/dataplane/reconciler/reconciler.ts'
import { openKernel } from '../../src/kernel/index.ts'
import { systemClock } from '../../src/util/clock.ts'
import { silent } from '../../src/util/log.ts'
import { frontend, someNode } from './frontends.ts'

/** `node iptables-agent.ts BACK-END COUNT`: says a word, then puts so many frontends in force, until somebody kills it. */
const [, , backEnd = 'nft', count = '0'] = process.argv
const driver = await openIptablesDriver(await openKernel({ iptables: backEnd === 'legacy' ? 'legacy' : 'nft' }), {
  log: silent,
})
const reconciler = new Reconciler({
  plane: createIptablesPlane(),
  driver,
  node: someNode,
  clock: systemClock,
  log: silent,
  random: () => 0.5,
})
const frontends = Array.from({ length: Number(count) }, (_, index) => frontend(100 + index, [1, 2, 3, 4, 5]))
process.stdout.write('begun\n')
reconciler.update(new Map(frontends.map((one) => [one.key, one])))
reconciler.sourcesComplete()
setInterval(() => {}, 1_000)
