import { fileURLToPath } from 'node:url'
import type { Counters, PlaneName } from '../src/dataplane/plane.ts'
import type { IptablesBackEnd } from '../src/kernel/iptables/types.ts'
import { startChild } from '../test/support/child-calls.ts'
import type { Measured } from '../src/lab/scale/measured-agent.ts'
import type { AgentRequest, AgentValue, Memory } from './agent-protocol.ts'
import type { RawObject } from '../src/dataplane/conformance/case.ts'

/** The agent's process, from outside. */
export interface BenchAgent extends AsyncDisposable {
  load(objects: Iterable<RawObject>): Promise<void>
  sync(): Promise<Measured>
  change(slice: RawObject): Promise<Measured>
  settle(): Promise<Measured>
  compact(): Promise<void>
  memory(): Promise<Memory>
  counters(): Promise<Counters>
  stop(): Promise<void>
}

export interface AgentSubject {
  readonly plane: PlaneName
  /** back end of the plane iptables; default nft */
  readonly iptables?: IptablesBackEnd | undefined
}

/** `profile`: a directory for `node --cpu-prof` */
export const startAgent = (
  namespace: string,
  { plane, iptables = 'nft' }: AgentSubject,
  profile?: string,
): BenchAgent => {
  const script = fileURLToPath(new URL('agent.ts', import.meta.url))
  const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const child = startChild<AgentRequest, AgentValue>(script, [plane, iptables], {
    namespace,
    deadlineMs: 240_000,
    execArgv,
  })
  return {
    async load(objects) {
      let some: RawObject[] = []
      for (const object of objects) {
        some.push(object)
        if (some.length < OBJECTS_AT_ONCE) continue
        await child.call({ ask: 'load', objects: some })
        some = []
      }
      await child.call({ ask: 'load', objects: some })
    },
    sync: async () => (await child.call({ ask: 'sync' })) as Measured,
    change: async (slice) => (await child.call({ ask: 'change', slice })) as Measured,
    settle: async () => (await child.call({ ask: 'settle' })) as Measured,
    compact: async () => void (await child.call({ ask: 'compact' })),
    memory: async () => (await child.call({ ask: 'memory' })) as Memory,
    counters: async () => (await child.call({ ask: 'counters' })) as Counters,
    stop: async () => void (await child.call({ ask: 'stop' })),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

/**
 * Runs the agent once, so that Node's compile cache holds its modules: otherwise the memory of the one that is measured would
 * include the compiler of TypeScript, which the built program never loads.
 */
export const warmUp = async (namespace: string, subject: AgentSubject): Promise<void> => {
  await using agent = startAgent(namespace, subject)
  await agent.stop()
}

/** Messages stay small, so that the agent's memory is its own and not the channel's. */
const OBJECTS_AT_ONCE = 50
