import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** V8's `gc`, where it lets itself be asked (src/extensions/gc-extension.h). */
interface Collection {
  readonly type: 'major'
  readonly execution: 'sync'
  readonly flavor: 'last-resort'
}

/**
 * For a process that lives long and is mostly idle: the space for young objects stays as small as it begins (about 1 MiB instead of up to
 * 48). Measured with 10,000 Services × 10 endpoints: 60 MiB less, and no slower. To be called before there is much to keep.
 */
export const stayLean = (): void => setFlagsFromString('--semi-space-growth-factor=1')

/**
 * Gives the memory that a burst of work left behind back to the system; V8 would keep it for long. Takes about 2 ms per MiB in use,
 * during which nothing else runs.
 */
export const releaseMemory = (): void => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (collection: Collection) => void
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
