import type { ProxyConfig } from '../../agent/config/config.ts'
import { startShadow } from '../../agent/shadow/agent.ts'
import { openLiveRules } from '../../agent/shadow/open-live-rules.ts'
import { agrees } from '../../agent/shadow/status.ts'
import { sourceOf } from '../../agent/source.ts'
import type { PlaneName } from '../../dataplane/plane.ts'
import { openKernel } from '../../kernel/index.ts'
import { systemClock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { sourceChoice } from '../options/source.ts'

export interface RunShadowOptions {
  readonly config: ProxyConfig
  readonly plane: PlaneName
  readonly log: Log
  readonly signal: AbortSignal
}

/** `run --shadow`, until the signal. It may still be starting then: that is no failure. */
export const runShadow = async ({ config, plane, log, signal }: RunShadowOptions): Promise<void> => {
  const kernel = await openKernel()
  const rules = await openLiveRules(kernel, systemClock, log)
  const openSource = sourceOf(sourceChoice(config.source || 'kubernetes', config.clientConnection), config)
  try {
    await using shadow = await startShadow({ config, plane, openSource, kernel, rules, log, signal })
    await aborted(signal)
    const { shadow: found } = await shadow.status()
    if (found !== undefined) log.info({ agrees: agrees(found), differences: found.differences.length }, 'stopped')
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
