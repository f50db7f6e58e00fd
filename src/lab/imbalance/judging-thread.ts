import { parentPort } from 'node:worker_threads'
import { imbalanceRun } from './run.ts'
import type { Judgement } from './judging.ts'

/** A thread of `judging`: judges one measurement after the other until it is terminated. */
parentPort?.on('message', ({ measurement, level }: Judgement) => {
  parentPort?.postMessage(imbalanceRun(measurement, level), [])
})
