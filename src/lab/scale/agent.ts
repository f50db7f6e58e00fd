import { type Log, silent } from '../../util/log.ts'
import { serveJsonLines } from '../json-lines.ts'
import { ChangeGenerator } from './changes.ts'
import { MeasuredAgent } from './measured-agent.ts'
import { type ClusterShape, measuredServices, nodeObject, serviceObject } from './objects.ts'
import { orderOfServices } from './order.ts'
import { registered, type Variant } from '../variant.ts'

/** The agent of one namespace, and the controllers that tell it things. A process of its own, asked on stdin. */
export type AgentConfig = Variant & ClusterShape

export interface ChangeRequest {
  readonly count: number
  /** none is begun later, ms */
  readonly withinMs: number
}

export interface Surveyed {
  readonly rules: number
  /** addresses of Services in the order in which a packet meets their rules; null: there is no such order */
  readonly order: readonly string[] | null
}

const config = JSON.parse(process.argv[2] ?? '{}') as AgentConfig

const warn = (fields: object, message: string): void =>
  void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
const log: Log = { ...silent, warn, error: warn }

const cluster = new ChangeGenerator(config, new Set(measuredServices(config.services)))
const opened = MeasuredAgent.open(config.plane, { log, kernel: registered(config)?.kernel ?? {} })

const sync = async (): Promise<{ readonly ms: number }> => {
  const agent = await opened
  agent.load([nodeObject])
  for (let service = 0; service < config.services; service++)
    agent.load([serviceObject(service), cluster.slice(service)])
  const { ms } = await agent.sync()
  await agent.settle()
  return { ms }
}

/** ms of each change; the last ones are all in force when this resolves. */
const change = async ({ count, withinMs }: ChangeRequest): Promise<readonly number[]> => {
  const agent = await opened
  const times: number[] = []
  const started = performance.now()
  for (const { slice } of cluster.events(count)) {
    if (performance.now() - started > withinMs) break
    times.push((await agent.change(slice)).ms)
  }
  await agent.settle()
  return times
}

const survey = async (): Promise<Surveyed> => ({
  rules: (await opened).plannedRules(),
  order: await orderOfServices(config),
})

const stop = async (): Promise<void> => (await opened).stop()

serveJsonLines({ sync, change, survey, stop }, () => process.exit(0))
