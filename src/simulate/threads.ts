import { Worker } from 'node:worker_threads'
import { type Batch, type BatchDone, type ThreadMessage, type Work, workOff } from './runs.ts'

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

/** Worker threads that serve one work after the other, started as they are wanted. They end when it is disposed of. */
export interface ThreadPool extends AsyncDisposable {
  /** `threads` of them; one crew works at a time */
  readonly crew: (work: Work, threads: number, signal?: AbortSignal) => Crew
}

export const threadPool = (start: () => Worker = () => new Worker(workerScript)): ThreadPool => {
  const workers: Worker[] = []
  const end = async (): Promise<void> => {
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
  }
  return {
    crew: (work, threads, signal) => ({
      async workOff(batches, done) {
        signal?.throwIfAborted()
        while (workers.length < threads) workers.push(start())
        const left = batches.values()
        const aborted = Promise.withResolvers<never>()
        const abort = (): void => aborted.reject(signal?.reason)
        signal?.addEventListener('abort', abort, { once: true })
        try {
          const all = workers.slice(0, threads).map((worker) => employ(worker, { work, left, done }))
          await Promise.race([aborted.promise, Promise.all(all)])
        } catch (error) {
          // threads may still be at a batch of this work: the next gets others
          await end()
          throw error
        } finally {
          signal?.removeEventListener('abort', abort)
        }
      },
    }),
    [Symbol.asyncDispose]: end,
  }
}

/** As this module: from the sources or as built. */
const workerScript = new URL(`./worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

interface Employment {
  readonly work: Work
  readonly left: Iterator<Batch>
  readonly done: (batch: BatchDone) => void
}

/** Tells a worker its work and gives it batch after batch. */
const employ = (worker: Worker, { work, left, done }: Employment): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const send = (message: ThreadMessage): void => worker.postMessage(message, [])
  const next = (): void => {
    const batch = left.next()
    if (batch.done === true) resolve()
    else send({ batch: batch.value })
  }
  const ended = (code: number): void => reject(new Error(`a simulation thread ended with ${code}`))
  const took = (batch: BatchDone): void => {
    try {
      done(batch)
      next()
    } catch (error) {
      reject(error)
    }
  }
  worker.on('error', reject).on('exit', ended).on('message', took)
  send({ work })
  next()
  return promise.finally(() => worker.off('error', reject).off('exit', ended).off('message', took))
}
