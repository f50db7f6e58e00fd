import { Worker } from 'node:worker_threads'
import type { ImbalanceRun } from './report.ts'
import type { Measurement } from './run.ts'

/** What the thread is asked. */
export interface Judgement {
  readonly measurement: Measurement
  readonly level: number
}

/**
 * `imbalanceRun` in a thread of its own: tests by Monte Carlo hold the processor for a second or two, in which nobody would hear an interruption. Ends
 * when it is disposed of.
 */
export interface Judging extends AsyncDisposable {
  /** One at a time. Rejects with what `imbalanceRun` throws, and with the signal's reason as soon as it aborts. */
  readonly run: (measurement: Measurement, level: number) => Promise<ImbalanceRun>
}

export const judging = (signal: AbortSignal): Judging => {
  // started when it is first wanted
  let worker: Worker | undefined
  return {
    async run(measurement, level) {
      signal.throwIfAborted()
      worker ??= new Worker(script)
      return await asked(worker, { measurement: copyable(measurement), level }, signal)
    },
    async [Symbol.asyncDispose]() {
      await worker?.terminate()
    },
  }
}

/** As this module: from the sources or as built. */
const script = new URL(`./judging-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/** A trial may hold its lab, which no other thread can have. */
const copyable = ({ trial: { plane, scheduler, repetition, seed }, ...rest }: Measurement): Measurement => ({
  ...rest,
  trial: { plane, scheduler, repetition, seed },
})

const asked = async (worker: Worker, judgement: Judgement, signal: AbortSignal): Promise<ImbalanceRun> => {
  const { promise, resolve, reject } = Promise.withResolvers<ImbalanceRun>()
  const abort = (): void => reject(signal.reason)
  const ended = (code: number): void => reject(new Error(`the judging thread ended with ${code}`))
  worker.on('message', resolve).on('error', reject).on('exit', ended)
  signal.addEventListener('abort', abort, { once: true })
  try {
    worker.postMessage(judgement, [])
    return await promise
  } finally {
    worker.off('message', resolve).off('error', reject).off('exit', ended)
    signal.removeEventListener('abort', abort)
  }
}
