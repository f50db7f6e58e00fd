import { compactHeap } from '../src/agent/memory.ts'
import type { PlaneName } from '../src/dataplane/plane.ts'
import { MeasuredAgent } from '../src/lab/scale/measured-agent.ts'
import { type Log, silent } from '../src/util/log.ts'
import { answerCalls } from '../test/support/child-calls.ts'
import type { AgentRequest, AgentValue } from './agent-protocol.ts'

/** What an agent warns of has a part in what is measured. */
const warn = (fields: object, message: string): void =>
  void process.stderr.write(`bench: the agent: ${message} ${JSON.stringify(fields)}\n`)
const log: Log = { ...silent, warn, error: warn }

const answer = async (agent: MeasuredAgent, request: AgentRequest): Promise<AgentValue> => {
  switch (request.ask) {
    case 'load':
      agent.load(request.objects)
      return null
    case 'sync':
      return await agent.sync()
    case 'change':
      return await agent.change(request.slice)
    case 'settle':
      return await agent.settle()
    case 'compact':
      compactHeap()
      return null
    case 'memory':
      return {
        rssMiB: process.memoryUsage.rss() / 2 ** 20,
        maxRssMiB: process.resourceUsage().maxRSS / 1024,
        heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
      }
    case 'counters':
      return await agent.counters()
    case 'stop':
      await agent.stop()
      return null
  }
}

const iptables = (['legacy', 'nft'] as const).find((name) => name === process.argv[3])
const agent = MeasuredAgent.open((process.argv[2] ?? 'nftables') as PlaneName, { log, kernel: { iptables } })
answerCalls<AgentRequest, AgentValue>(async (request) => answer(await agent, request))
