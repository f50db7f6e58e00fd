import type { Command } from 'commander'
import type { ProxyConfig } from '../../agent/config/config.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { InputProblem, Snapshot } from '../../model/snapshot.ts'
import { nodeView } from '../../routing/node-view.ts'
import { Planner } from '../../routing/planner.ts'
import { loadObjects } from '../../sources/files.ts'
import { collect } from './arguments.ts'
import { printProblems } from '../text/problems.ts'
import { addConfigOptions, type ConfigOptions, readProxyConfig } from './proxy-config.ts'
import { manifestsOf } from './source.ts'

/** What the commands that plan from files share. */
export interface PlannedOptions extends ConfigOptions {
  readonly filename?: readonly string[]
  readonly source?: string
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

export const addPlannedOptions = (command: Command): Command =>
  addConfigOptions(
    command
      .option('-f, --filename <path>', 'objects: a file, a directory or - for stdin (repeatable)', collect)
      .option('--source <source>', 'objects: manifests:DIR'),
  )

/** Throws where nothing can be planned at all (exit 2); what was left out is in `problems`. Warnings go to stderr. */
export const loadPlanned = async (options: PlannedOptions): Promise<Planned> => {
  const config = await readProxyConfig(options)
  const { store, problems } = await loadObjects(pathsOf(options))
  const node = nodeView(config, store.snapshot)
  printProblems(unknownNode(store.snapshot, node), 'warning')
  const planner = new Planner(node)
  planner.sync(store.snapshot)
  return { config, snapshot: store.snapshot, node, planner, problems: [...problems, ...planner.problems()] }
}

const pathsOf = ({ filename = [], source }: PlannedOptions): readonly string[] => {
  const directory = source === undefined ? [] : [manifestsOf(source)]
  const paths = [...filename, ...directory]
  if (paths.length === 0) throw new Error('no objects to plan: give -f FILE|DIR|- or --source manifests:DIR')
  return paths
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
