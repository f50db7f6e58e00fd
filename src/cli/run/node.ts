import type { ProxyConfig } from '../../agent/config/config.ts'
import { applySettings, conntrackSettings, localnetSettings, logSettings } from '../../agent/node-setup.ts'
import { openSysctls, setOomScore } from '../../kernel/sysctl.ts'
import type { Log } from '../../util/log.ts'

export interface PreparedNode {
  /** something could not be set */
  readonly failed: boolean
  /** Tries once more what a module that was not loaded has hindered. */
  again(): void
}

/** Kernel settings and oom_score_adj. What cannot be set is reported, and no reason not to start. */
export const prepareNode = (config: ProxyConfig, log: Log): PreparedNode => {
  const sysctls = openSysctls()
  const outcomes = applySettings([...conntrackSettings(config.conntrack), ...localnetSettings(config)], sysctls)
  const later = outcomes.filter((outcome) => outcome.later).map(({ setting }) => setting)
  logSettings(
    outcomes.filter((outcome) => !outcome.later),
    log,
  )
  if (later.length > 0)
    log.debug({ settings: later.length }, 'nf_conntrack is not loaded: its settings are tried again later')
  try {
    setOomScore(config.oomScoreAdj)
  } catch (error) {
    log.info({ wanted: config.oomScoreAdj, reason: String(error) }, 'oom_score_adj stays as it is')
  }
  return {
    failed: outcomes.some(({ outcome }) => outcome === 'failed'),
    again: () => logSettings(applySettings(later, sysctls), log),
  }
}
