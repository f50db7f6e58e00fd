import type { Command } from 'commander'
import { loadConfig, type ProxyConfig } from '../agent/config.ts'
import type { NodeView } from '../model/node-view.ts'
import type { InputProblem, Snapshot } from '../model/snapshot.ts'
import { nodeView } from '../routing/node-view.ts'
import { Planner } from '../routing/planner.ts'
import { loadObjects } from '../sources/files.ts'
import { formatProblem, printProblems } from './problems.ts'

/** What the commands that plan from files share. */
export interface PlannedOptions {
  readonly filename?: readonly string[]
  readonly source?: string
  readonly node?: string
  readonly config?: string
  readonly clusterCidr?: string
  readonly plane?: string
}

export interface Planned {
  readonly config: ProxyConfig
  readonly snapshot: Snapshot
  readonly node: NodeView
  /** has planned everything */
  readonly planner: Planner
  /** of the objects and of the plan; empty when all is well */
  readonly problems: readonly InputProblem[]
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const addPlannedOptions = (command: Command): Command =>
  command
    .option('-f, --filename <path>', 'objects: a file, a directory or - for stdin (repeatable)', collect)
    .option('--source <source>', 'objects: manifests:DIR')
    .option('--node <name>', 'the node to plan for (default: hostnameOverride, then this host)')
    .option('--config <file>', 'a KubeProxyConfiguration')
    .option('--cluster-cidr <cidr>', 'addresses of pods, one CIDR of each family; wins over the configuration')

/** Throws where nothing can be planned at all (exit 2); what was left out is in `problems`. Warnings go to stderr. */
export const loadPlanned = async (options: PlannedOptions): Promise<Planned> => {
  const {
    config,
    problems: faults,
    warnings,
  } = await loadConfig(options.config, {
    plane: options.plane,
    nodeName: options.node,
    clusterCIDR: options.clusterCidr,
  })
  if (faults.length > 0) throw new Error(faults.map(formatProblem).join('\n'))
  printProblems(warnings, 'warning')
  const { store, problems } = await loadObjects(pathsOf(options))
  const node = nodeView(config, store.snapshot)
  printProblems(unknownNode(store.snapshot, node), 'warning')
  const planner = new Planner(node)
  planner.sync(store.snapshot)
  return { config, snapshot: store.snapshot, node, planner, problems: [...problems, ...planner.problems()] }
}

const pathsOf = ({ filename = [], source }: PlannedOptions): readonly string[] => {
  const directory = source === undefined ? [] : [manifests(source)]
  const paths = [...filename, ...directory]
  if (paths.length === 0) throw new Error('no objects to plan: give -f FILE|DIR|- or --source manifests:DIR')
  return paths
}

const manifests = (source: string): string => {
  const [, directory] = /^manifests:(.+)$/s.exec(source) ?? []
  if (directory === undefined) throw new Error(`--source ${JSON.stringify(source)}: only manifests:DIR can be planned`)
  return directory
}

/** Such a plan is still right for cluster IPs, but not for node ports, zone hints and the node as a client. */
const unknownNode = (snapshot: Snapshot, node: NodeView): readonly InputProblem[] => {
  if (snapshot.node(node.name) !== undefined) return []
  const known = [...snapshot.nodes()].map(({ name }) => name).sort()
  const choice =
    known.length === 0 ? '' : `; --node takes ${known.slice(0, 5).join(', ')}${known.length > 5 ? ', …' : ''}`
  const message = `is not among the objects, so it has no addresses and no zone${choice}`
  return [{ where: '', object: `Node ${node.name}`, field: '', message }]
}
