import type { Command } from 'commander'
import { loadConfig, type ProxyConfig } from '../agent/config.ts'
import { formatProblem, printProblems } from './problems.ts'

/** Flags that say how the proxy is configured, for the commands that plan and those that act. */
export interface ConfigOptions {
  readonly plane?: string
  readonly config?: string
  readonly node?: string
  readonly clusterCidr?: string
  readonly serviceProxyName?: string
  readonly masqueradeAll?: boolean
}

/** All but `--plane`, which means something else to each command. */
export const addConfigOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'a KubeProxyConfiguration (v1alpha1)')
    .option('--node <name>', 'name of the node (default: hostnameOverride, then this host)')
    .option('--cluster-cidr <cidr>', 'addresses of pods, one CIDR of each family; wins over the configuration')
    .option('--service-proxy-name <name>', 'serve only Services with this service.kubernetes.io/service-proxy-name')
    .option('--masquerade-all', 'masquerade everything that goes to a cluster IP')

/** Throws for a configuration that cannot be used; warnings go to stderr. */
export const readProxyConfig = async (options: ConfigOptions): Promise<ProxyConfig> => {
  const { config, problems, warnings } = await loadConfig(options.config, {
    plane: options.plane,
    nodeName: options.node,
    clusterCIDR: options.clusterCidr,
    masqueradeAll: options.masqueradeAll,
    proxyName: options.serviceProxyName,
  })
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  printProblems(warnings, 'warning')
  return config
}
