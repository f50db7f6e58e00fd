import { Worker } from 'node:worker_threads'
import { type Batch, type BatchDone, type Work, workOff } from './runs.ts'

/** Does batches one after the other until none is left. */
export interface Crew {
  /** in the order in which they are done; rejects with the signal's reason, or what a thread threw */
  readonly workOff: (batches: readonly Batch[], done: (batch: BatchDone) => void) => Promise<void>
}

/** In this thread; between batches others have their turn. */
export const ownThread = (work: Work, signal?: AbortSignal): Crew => ({
  async workOff(batches, done) {
    for (const batch of batches) {
      signal?.throwIfAborted()
      done(workOff(work, batch))
      await new Promise((resolve) => setImmediate(resolve))
    }
    signal?.throwIfAborted()
  },
})

/** In threads of their own, which end with the last batch, a failure or the signal. */
export const workerThreads = (work: Work, threads: number, signal?: AbortSignal): Crew => ({
  async workOff(batches, done) {
    signal?.throwIfAborted()
    const workers = Array.from({ length: threads }, () => new Worker(workerScript, { workerData: work }))
    try {
      const left = batches.values()
      const aborted = Promise.withResolvers<never>()
      const abort = (): void => aborted.reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      try {
        await Promise.race([aborted.promise, Promise.all(workers.map((worker) => employ(worker, left, done)))])
      } finally {
        signal?.removeEventListener('abort', abort)
      }
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
  },
})

/** As this module: from the sources or as built. */
const workerScript = new URL(`./worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/** Gives a worker batch after batch. */
const employ = (worker: Worker, left: Iterator<Batch>, done: (batch: BatchDone) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const next = (): void => {
      const batch = left.next()
      if (batch.done === true) resolve()
      else worker.postMessage(batch.value, [])
    }
    worker.on('error', reject)
    worker.on('exit', (code) => reject(new Error(`a simulation thread ended with ${code}`)))
    worker.on('message', (batch: BatchDone) => {
      try {
        done(batch)
        next()
      } catch (error) {
        reject(error)
      }
    })
    next()
  })
