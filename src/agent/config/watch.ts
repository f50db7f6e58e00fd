import { readFile } from 'node:fs/promises'
import type { InputProblem } from '../../model/snapshot.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { LoadedConfig } from './config.ts'

export interface ConfigWatchOptions {
  readonly file: string
  /** as a start would read it */
  readonly parse: (content: Buffer) => LoadedConfig
  /** the content that is in force */
  readonly content: Buffer
  readonly clock: Clock
  readonly log: Log
  /** called once, with a configuration that can be used */
  readonly onChange: () => void
}

/** ms; a ConfigMap takes about a minute to arrive anyway */
const EVERY = 5_000

/**
 * Looks whether the file says something else than what is in force, by content: touching it, or replacing it by the same, is no
 * change. What cannot be used is said once and changes nothing: what is in force goes on. The answer ends the watch.
 */
export const watchConfig = (options: ConfigWatchOptions): (() => void) => {
  const { file, clock, log, parse, onChange } = options
  let said = ''
  let cancel = (): void => {}
  let ended = false
  const complain = (reason: string): void => {
    if (said !== reason)
      log.error({ file, reason }, 'the changed configuration cannot be used; the old one stays in force')
    said = reason
  }
  const look = async (): Promise<void> => {
    try {
      const content = await readFile(file)
      if (ended) return
      if (content.equals(options.content)) said = ''
      else {
        const { problems } = parse(content)
        if (problems.length === 0) return onChange()
        complain(problems.map(textOf).join('; '))
      }
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error))
    }
    if (!ended) again()
  }
  const again = (): void => {
    cancel = clock.after(EVERY, () => void look())
  }
  again()
  return () => {
    ended = true
    cancel()
  }
}

const textOf = ({ where, field, message }: InputProblem): string => [where, field, message].filter(Boolean).join(': ')
