import type { Driver, PlaneObject } from '../dataplane/plane.ts'
import { openDriver } from '../dataplane/registry.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type BrakedPlane, behindBrake } from './brake/behind-brake.ts'
import type { ProxyConfig } from './config/config.ts'
import type { Planning } from './planning.ts'
import { type RunningPlane, type RunningPlaneOptions, runPlane } from './plane.ts'

export interface WritingOptions extends Omit<RunningPlaneOptions, 'driver' | 'conntrack' | 'node'> {
  readonly config: Pick<ProxyConfig, 'brake'>
  readonly kernel: Kernel
  readonly planning: Planning
}

/** The half of an agent that writes: a plane on its driver, behind the brake. Disposing it leaves the kernel as it is. */
export interface Writing extends AsyncDisposable {
  readonly plane: RunningPlane
  readonly driver: Driver<PlaneObject>
  readonly braked: BrakedPlane
}

/** It reads the kernel and keeps what it finds until there is a plan, however long the source is away. */
export const openWriting = async (options: WritingOptions): Promise<Writing> => {
  const { config, kernel, planning, clock, log } = options
  await using stack = new AsyncDisposableStack()
  const driver = stack.use(await openDriver(options.plane, kernel, { log }))
  const conntrack = stack.use(await kernel.conntrack(log))
  const plane = stack.use(await runPlane({ ...options, driver, conntrack, node: planning.lookAtNode() }))
  const braked = stack.use(behindBrake(plane, { config: config.brake, clock, log }))
  const resources = stack.move()
  return { plane, driver, braked, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

/** The sources are complete: hands on the first plan and, from then on, what changes. Resolves when all of it was handed on. */
export const handFirstPlan = async ({ plane, driver, braked }: Writing, planning: Planning): Promise<void> => {
  // a brake weighs the first plan as a whole, and parts would make a driver pay for each
  const whole = braked.brake !== null || (driver.indivisible ?? false)
  await braked.ready()
  plane.setNode(planning.lookAtNode())
  await planning.begin(braked.receiver, { whole })
  braked.complete()
}
