import { readFile } from 'node:fs/promises'
import { parseConfig } from '../../agent/config/config.ts'
import { watchConfig } from '../../agent/config/watch.ts'
import { systemClock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { type ConfigOptions, runFlags } from '../options/proxy-config.ts'

export interface ConfigChange extends Disposable {
  /** aborted when the file says something else that can be used */
  readonly signal: AbortSignal
}

/** As kube-proxy: a changed configuration ends the process, and whoever started it starts it again. Never aborted without --config. */
export const changedConfig = async (options: ConfigOptions, log: Log): Promise<ConfigChange> => {
  const { config: file } = options
  const controller = new AbortController()
  const { signal } = controller
  if (file === undefined) return { signal, [Symbol.dispose]: () => {} }
  const stop = watchConfig({
    file,
    content: await readFile(file),
    parse: (content) => parseConfig(content, file, runFlags(options)),
    clock: systemClock,
    log,
    onChange: () => controller.abort(new Error(`${file} was changed: a new start reads it`)),
  })
  return { signal, [Symbol.dispose]: stop }
}
