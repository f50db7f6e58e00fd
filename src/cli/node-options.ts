import type { Command } from 'commander'
import { loadConfig, type ProxyConfig } from '../agent/config.ts'
import type { PlaneName } from '../dataplane/plane.ts'
import { planeNamed } from '../dataplane/registry.ts'
import { formatProblem, printProblems } from './problems.ts'

/** What the commands share that act on the kernel of this node. */
export interface NodeOptions {
  readonly plane?: string
  readonly config?: string
  readonly node?: string
  readonly clusterCidr?: string
  readonly serviceProxyName?: string
  readonly masqueradeAll?: boolean
}

export const addNodeOptions = (command: Command): Command =>
  command
    .option('--plane <plane>', 'nftables or auto (default: the configuration’s mode, else auto)')
    .option('--config <file>', 'a KubeProxyConfiguration (v1alpha1)')
    .option('--node <name>', 'name of this node (default: hostnameOverride, then this host)')
    .option('--cluster-cidr <cidr>', 'addresses of pods, one CIDR of each family; wins over the configuration')
    .option('--service-proxy-name <name>', 'serve only Services with this service.kubernetes.io/service-proxy-name')
    .option('--masquerade-all', 'masquerade everything that goes to a Service')

/** Throws for a configuration that cannot be used and for planes that are not there; warnings go to stderr. */
export const readNodeOptions = async (options: NodeOptions): Promise<{ config: ProxyConfig; plane: PlaneName }> => {
  const { config, problems, warnings } = await loadConfig(options.config, {
    plane: options.plane,
    nodeName: options.node,
    clusterCIDR: options.clusterCidr,
    masqueradeAll: options.masqueradeAll,
    proxyName: options.serviceProxyName,
  })
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  printProblems(warnings, 'warning')
  return { config, plane: planeNamed(options.plane ?? config.mode ?? 'auto') }
}
