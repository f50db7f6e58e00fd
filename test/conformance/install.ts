import { loadPlane, openDriver, type PlaneVariant } from '../../src/dataplane/registry.ts'
import { Reconciler } from '../../src/dataplane/reconciler/reconciler.ts'
import { openKernel } from '../../src/kernel/index.ts'
import type { Frontend } from '../../src/model/frontend.ts'
import type { NodeView } from '../../src/model/node-view.ts'
import { systemClock } from '../../src/util/clock.ts'
import { silent } from '../../src/util/log.ts'

export interface Installation {
  readonly variant: PlaneVariant
  readonly node: NodeView
  readonly frontends: readonly Frontend[]
}

/** A plan in force in this process's network namespace. Disposing it leaves the namespace without any of our objects. */
export interface Installed extends AsyncDisposable {
  losses(): Promise<Losses>
}

/** Resolves when every frontend is in force; throws when one was refused or failed. */
export const install = async ({ variant, node, frontends }: Installation): Promise<Installed> => {
  const plane = await loadPlane(variant.plane)
  const driver = await openDriver(variant.plane, await openKernel(variant.kernel), { log: silent })
  const reconciler = new Reconciler({ plane, driver, node, clock: systemClock, log: silent, random: () => 0.5 })
  reconciler.update(new Map(frontends.map((frontend) => [frontend.key, frontend])))
  reconciler.sourcesComplete()
  await reconciler.settled()
  const { lagging, refused } = reconciler.status()
  const problems = [
    ...lagging.map(({ frontend, reason }) => `${frontend || 'the base'}: ${reason}`),
    ...refused.map(({ frontend, reasons }) => `${frontend}: ${reasons.join(', ')}`),
  ]
  const uninstall = async (): Promise<void> => {
    await reconciler[Symbol.asyncDispose]()
    await driver.remove()
    await driver[Symbol.asyncDispose]()
  }
  if (problems.length > 0) {
    await uninstall()
    throw new Error(`not in force: ${problems.join('; ')}`)
  }
  return { losses: async () => await driver.counters(), [Symbol.asyncDispose]: uninstall }
}

/** Packets that found no backend in their slot, from the plane's counters. */
export interface Losses {
  readonly fallbacks: number
  readonly missed: number
}
