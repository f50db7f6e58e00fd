import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/**
 * How a lab talks to its processes: one JSON object a line, `{id, op, …}` there and `{id, result}` or `{id, error}` back.
 * This is the side inside a namespace. `ended` is called when nobody can ask any more.
 */
export const serveJsonLines = (
  handlers: { readonly [op: string]: (request: never) => unknown },
  ended: () => void,
  { input, output }: { readonly input: Readable; readonly output: Writable } = {
    input: process.stdin,
    output: process.stdout,
  },
): void => {
  const answer = (reply: object): void => {
    output.write(`${JSON.stringify(reply)}\n`)
  }
  output.on('error', ended)
  createInterface({ input })
    .on('line', async (line) => {
      const { id, op, ...request } = JSON.parse(line) as { id: number; op: string }
      try {
        const handle = handlers[op] as ((request: object) => unknown) | undefined
        if (handle === undefined) throw new Error(`unknown operation ${op}`)
        answer({ id, result: (await handle(request)) ?? null })
      } catch (error) {
        answer({ id, error: error instanceof Error ? error.message : String(error) })
      }
    })
    .on('close', ended)
}
