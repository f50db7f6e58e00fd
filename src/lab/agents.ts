import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { PlaneName } from '../dataplane/plane.ts'
import { families, type LabNode, ranges } from './cluster.ts'
import { environment, execCode } from '../kernel/exec.ts'
import { inNetns } from './ip.ts'
import type { Lab } from './lab.ts'
import { labMark } from './processes.ts'
import { evenkeel } from './program.ts'

/** `evenkeel run` on a node. */
interface Agent {
  readonly node: LabNode
  process: ChildProcess
}

/** The agents of a lab, one on each node, all of one plane. */
export class Agents implements AsyncDisposable {
  readonly plane: PlaneName
  readonly #lab: Lab
  readonly #agents: readonly Agent[]
  #released = false

  constructor(lab: Lab, plane: PlaneName, agents: readonly Agent[]) {
    this.#lab = lab
    this.plane = plane
    this.#agents = agents
  }

  /**
   * Resolves when every agent has read the manifests as they are now and its kernel is what they say.
   * Throws when an agent ends, or after `timeoutMs` (default 30,000), with what its log says last.
   */
  async inSync(signal: AbortSignal, timeoutMs = 30_000): Promise<void> {
    const newest = await newestChange(this.#lab.manifests)
    const deadline = performance.now() + timeoutMs
    await Promise.all(this.#agents.map((agent) => this.#waitForOne(agent, newest, deadline, signal)))
  }

  /** What `evenkeel status` says of each node: exit code and output. */
  async status(): Promise<readonly { readonly node: string; readonly inSync: boolean; readonly text: string }[]> {
    return Promise.all(
      this.#agents.map(async ({ node }) => {
        const { code, stdout, stderr } = await statusOf(node)
        return { node: node.name, inSync: code === 0, text: stdout.trim() || stderr.trim() }
      }),
    )
  }

  /** SIGKILL for the agent of one node, and a new one at once. */
  async crash(node: string): Promise<void> {
    const agent = this.#agents.find((agent) => agent.node.name === node)
    if (agent === undefined) throw new Error(`there is no agent on ${node}`)
    await ended(agent.process, 'SIGKILL')
    agent.process = launch(this.#lab, agent.node, this.plane)
  }

  /** Lets them outlive this process. */
  release(): void {
    this.#released = true
    for (const { process } of this.#agents) process.unref()
  }

  /** Ends them and removes what they left in the nodes' kernels. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return
    await Promise.all(this.#agents.map(({ process }) => ended(process, 'SIGTERM')))
    await Promise.all(
      this.#agents.map(({ node }) => execCode('ip', inNetns(node.netns, evenkeel('clean')), { accept: [1, 2] })),
    )
  }

  async #waitForOne(agent: Agent, newest: Change, deadline: number, signal: AbortSignal): Promise<void> {
    const { node } = agent
    for (;;) {
      signal.throwIfAborted()
      const { exitCode, signalCode } = agent.process
      if (exitCode !== null || signalCode !== null)
        throw new Error(
          `evenkeel run on ${node.name} ended (${signalCode ?? `exit ${exitCode}`}):\n${this.#lastLines(node)}`,
        )
      const { code, stdout } = await statusOf(node)
      if (code === 0 && hasRead(stdout, newest)) return
      if (performance.now() > deadline)
        throw new Error(
          `evenkeel run on ${node.name} is not in sync in time: ${stdout.trim()}\n${this.#lastLines(node)}`,
        )
      await sleep(50)
    }
  }

  #lastLines(node: LabNode): string {
    return readFileSync(this.#lab.logOf(node.name), 'utf8').trimEnd().split('\n').slice(-5).join('\n')
  }
}

export const startAgents = async (lab: Lab, plane: PlaneName): Promise<Agents> => {
  const agents: Agent[] = []
  for (const node of lab.cluster.nodes) {
    await writeFile(configOf(lab, node), stringify(config(node)))
    agents.push({ node, process: launch(lab, node, plane) })
  }
  return new Agents(lab, plane, agents)
}

const configOf = (lab: Lab, { name }: LabNode): string => join(lab.directory, 'config', `${name}.yaml`)

/** What a cluster's kube-proxy would be given (kubeproxy.config.k8s.io/v1alpha1). */
const config = ({ name }: LabNode): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  hostnameOverride: name,
  clusterCIDR: families.map((family) => ranges.clusterCIDRs[family]).join(','),
  nodePortAddresses: ['0.0.0.0/0', '::/0'],
})

const launch = (lab: Lab, node: LabNode, plane: PlaneName): ChildProcess => {
  const command = evenkeel('run', '--source', `manifests:${lab.manifests}`, '--node', node.name)
  const log = openSync(lab.logOf(node.name), 'a')
  try {
    return spawn('ip', inNetns(node.netns, [...command, '--plane', plane, '--config', configOf(lab, node)]), {
      env: { ...environment(), ...labMark(lab.cluster.id) },
      stdio: ['ignore', log, log],
      detached: true,
    })
  } finally {
    closeSync(log)
  }
}

const ended = async (process: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (process.exitCode !== null || process.signalCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  process.once('exit', () => resolve())
  process.kill(signal)
  const timer = setTimeout(() => process.kill('SIGKILL'), 5000)
  await promise
  clearTimeout(timer)
}

const statusOf = (node: LabNode): ReturnType<typeof execCode> =>
  execCode('ip', inNetns(node.netns, evenkeel('status', '-o', 'json')), { accept: [1, 2] })

interface Change {
  /** newest of the manifests, ms since the epoch */
  readonly modified: number
}

const newestChange = async (directory: string): Promise<Change> => {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'))
  return { modified: Math.max(0, ...names.map((name) => Math.floor(statSync(join(directory, name)).mtimeMs))) }
}

/** Has the agent read the files as they are? One that does not tell gets a second. */
const hasRead = (status: string, { modified }: Change): boolean => {
  const { source } = JSON.parse(status) as { readonly source?: { readonly modified?: number } }
  return source?.modified === undefined ? Date.now() > modified + 1000 : source.modified >= modified
}
