import { type MessagePort, parentPort } from 'node:worker_threads'
import { buffersOf, type ThreadMessage, type Work, workOff } from './runs.ts'

/** A thread of `simulate`: works off batches of the work that it was told last, until it is terminated. */
const serve = (port: MessagePort): void => {
  let work: Work | null = null
  port.on('message', (message: ThreadMessage) => {
    if ('work' in message) {
      work = message.work
      return
    }
    if (work === null) throw new Error('a batch of runs came before the scenario')
    const done = workOff(work, message.batch)
    port.postMessage(done, buffersOf(done))
  })
}

if (parentPort !== null) serve(parentPort)
