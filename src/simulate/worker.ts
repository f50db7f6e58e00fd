import { parentPort, workerData } from 'node:worker_threads'
import { type Batch, type Work, buffersOf, workOff } from './runs.ts'

/** A thread of `simulate`: works off batches of runs until it is terminated. */
parentPort?.on('message', (batch: Batch) => {
  const done = workOff(workerData as Work, batch)
  parentPort?.postMessage(done, buffersOf(done))
})
