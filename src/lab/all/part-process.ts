import type { PartConfig, PartMessage } from './part-protocol.ts'
import { allParts } from './parts.ts'

/** One scenario in a process of its own: it ends what it made when it is asked to stop, and when who asked for it has gone. */
const { name, ...options } = JSON.parse(process.argv[2] ?? '{}') as PartConfig

const interruption = new AbortController()
const stop = (): void => interruption.abort(new Error('interrupted'))
process.on('SIGTERM', stop)
process.on('disconnect', stop)

const tell = (message: PartMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve())
    else resolve()
  })

const part = allParts().find((one) => one.name === name)
try {
  if (part === undefined) throw new Error(`no such scenario: ${name}`)
  const result = await part.run({
    ...options,
    signal: interruption.signal,
    progress: (text) => void tell({ kind: 'progress', text }),
    note: (text) => void tell({ kind: 'note', text }),
  })
  await tell({ kind: 'done', result })
} catch (error) {
  await tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
}
process.exit()
