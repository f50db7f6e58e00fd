import { compareWithKernel } from '../dataplane/ledger/compare.ts'
import type { PlaneName } from '../dataplane/plane.ts'
import { loadPlane, openDriver } from '../dataplane/registry.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Planner } from '../routing/planner.ts'
import { loadObjects } from '../sources/files.ts'
import type { Log } from '../util/log.ts'
import type { ProxyConfig } from './config/config.ts'
import { withKernelFacts } from './kernel-facts.ts'
import { liveNodeView } from './live-node.ts'
import { type AgentStatus, isInSync } from './status/status.ts'

export interface InspectOptions {
  readonly config: ProxyConfig
  readonly plane: PlaneName
  /** directory of manifests */
  readonly manifests: string
  readonly counters: boolean
  readonly kernel: Kernel
  readonly log: Log
}

/** The status of a node on which no agent runs: the kernel beside the plan. Changes nothing. */
export const inspectNode = async (options: InspectOptions): Promise<AgentStatus> => {
  const { kernel, log } = options
  const config = await withKernelFacts(options.config, { plane: options.plane, kernel, log, make: false })
  const { store, problems } = await loadObjects([options.manifests])
  await using addresses = await kernel.addresses()
  const node = liveNodeView(config, store.snapshot, addresses.current)
  const planner = new Planner(node)
  planner.sync(store.snapshot)
  const plane = await loadPlane(options.plane)
  await using driver = await openDriver(options.plane, kernel, { log })
  const { missing, extra } = compareWithKernel(plane, await driver.observe(), planner.frontends, node)
  const frontends = planner.frontends.size
  const report = {
    plane: options.plane,
    frontends,
    inSync: frontends - missing.filter((key) => key !== '').length,
    missing: missing.map((key) => ({ frontend: key || 'base', state: 'missing' as const, reason: '', attempts: 0 })),
    extra,
    refused: [],
    unreadable: '',
    ...(options.counters ? { counters: await driver.counters() } : {}),
  }
  return {
    node: config.nodeName,
    agent: false,
    inSync: isInSync(report),
    source: { name: `manifests:${options.manifests}`, synced: true, modified: 0, stale: false },
    planes: [report],
    problems: [...problems, ...planner.problems()],
  }
}
