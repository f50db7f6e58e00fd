import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '../support/child-calls.ts'
import type { Tally, Target, TrafficRequest } from './traffic-client.ts'

export type { Target } from './traffic-client.ts'

/** Clients on the node, and pods as clients, that dial Services all the time. */
export interface Traffic extends AsyncDisposable {
  /** What happened since the last question, of all clients together. */
  tally(): Promise<Tally>
}

/** ms for a client's process to answer, the last connections included */
const ANSWERS_WITHIN = 30_000

/** Every target is dialled every `everyMs` from this process's namespace; those with `from` from the pods'. */
export const startTraffic = async (
  targets: readonly Target[],
  { podsNamespace, everyMs = 20 }: { readonly podsNamespace: string; readonly everyMs?: number },
): Promise<Traffic> => {
  await using stack = new AsyncDisposableStack()
  const script = fileURLToPath(new URL('traffic-client.ts', import.meta.url))
  const clients: Child<TrafficRequest, Tally>[] = []
  for (const [own, namespace] of [
    [targets.filter(({ from }) => from === undefined), undefined],
    [targets.filter(({ from }) => from !== undefined), podsNamespace],
  ] as const) {
    const options = { deadlineMs: ANSWERS_WITHIN, ...(namespace !== undefined && { namespace }) }
    const client = stack.use(startChild<TrafficRequest, Tally>(script, [], options))
    await client.call({ ask: 'begin', targets: own, everyMs })
    clients.push(client)
  }
  const resources = stack.move()
  return {
    tally: async () => sum(await Promise.all(clients.map((client) => client.call({ ask: 'tally' })))),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

const sum = (tallies: readonly Tally[]): Tally => ({
  connections: tallies.reduce((all, { connections }) => all + connections, 0),
  failures: tallies.flatMap(({ failures }) => failures),
  late: tallies.flatMap(({ late }) => late),
  held: tallies.reduce((all, { held }) => all + held, 0),
  exchanges: tallies.reduce((all, { exchanges }) => all + exchanges, 0),
})
