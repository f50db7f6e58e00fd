import type { IptablesObject } from '../../dataplane/iptables/objects.ts'
import type { NftObject } from '../../dataplane/nftables/objects.ts'
import { exec } from '../../kernel/exec.ts'
import { findPrograms } from '../../kernel/iptables/programs.ts'
import type { IptablesBackEnd } from '../../kernel/iptables/types.ts'
import { type Log, silent } from '../../util/log.ts'
import { serveJsonLines } from '../json-lines.ts'
import { ChangeGenerator } from './changes.ts'
import { MeasuredAgent } from './measured-agent.ts'
import { type ClusterShape, measuredServices, nodeObject, serviceObject } from './objects.ts'
import type { Variant } from '../variant.ts'

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
const opened = MeasuredAgent.open(config.plane, { log, iptables: config.iptables })

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

const survey = async (): Promise<Surveyed> => {
  const objects = Array.from((await opened).planned().values(), (object) => object as NftObject | IptablesObject)
  const rules = objects.reduce((sum, object) => sum + rulesIn(object), 0)
  return { rules, order: config.iptables === undefined ? null : await orderOfServices(config.iptables) }
}

const rulesIn = (object: NftObject | IptablesObject): number => {
  if (object.kind !== 'chain') return object.kind === 'rule' ? 1 : 0
  const { rules } = object
  if (!('observed' in rules || 'model' in rules)) return rules.length
  return 'observed' in rules ? rules.observed.length : rules.model.length
}

/** One chain is listed at once, all of them take iptables-nft-save minutes. */
const orderOfServices = async (backEnd: IptablesBackEnd): Promise<readonly string[]> => {
  const [command, ...words] = (await findPrograms(backEnd)).save.ip.map((word) => word.replace(/-save$/, ''))
  const listed = await exec(command ?? 'iptables', [...words, '-t', 'nat', '-S', 'KUBE-SERVICES'], {
    timeoutMs: 60_000,
  })
  return Array.from(listed.matchAll(/ -d ([0-9.]+)\/32 .*-j KUBE-SVC-/g), ([, address = '']) => address)
}

const stop = async (): Promise<void> => (await opened).stop()

serveJsonLines({ sync, change, survey, stop }, () => process.exit(0))
