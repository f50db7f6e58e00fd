import type { Command } from 'commander'
import { type ConfigFlags, type LoadedConfig, loadConfig, type ProxyConfig } from '../../agent/config/config.ts'
import { addKubeProxyFlags, kubeProxyFlagsOf } from './kube-proxy-flags.ts'
import { formatProblem, printProblems } from '../text/problems.ts'

/** Flags that say how the proxy is configured, for the commands that plan and those that act; kube-proxy's stand beside them. */
export interface ConfigOptions {
  readonly plane?: string
  readonly config?: string
  readonly node?: string
  readonly serviceProxyName?: string
  readonly source?: string
  /** of `run` */
  readonly shadow?: boolean
  readonly kubeconfig?: string
  readonly context?: string
  readonly master?: string
}

/** All but `--plane`, which means something else to each command. */
export const addConfigOptions = (command: Command): Command =>
  addKubeProxyFlags(
    addOwnOptions(command)
      .option('--kubeconfig <file>', 'kubeconfig for --source kubernetes (default: the configuration’s)')
      .option('--master <url>', 'URL of the API server; wins over the kubeconfig’s'),
    'plans',
  )

/** Of `run`: `--kubeconfig` is kube-proxy's there, so a configuration wins over it. */
export const addRunConfigOptions = (command: Command): Command => addKubeProxyFlags(addOwnOptions(command), 'all')

const addOwnOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'a KubeProxyConfiguration (v1alpha1), with an EvenkeelConfiguration if wanted')
    .option('--node <name>', 'name of the node (default: hostnameOverride, then this host)')
    .option('--service-proxy-name <name>', 'serve only Services with this service.kubernetes.io/service-proxy-name')
    .option('--context <name>', 'context of the kubeconfig')

/** Throws for a configuration that cannot be used; warnings go to stderr. */
export const readProxyConfig = async (options: ConfigOptions): Promise<ProxyConfig> => {
  const { kubeconfig, ...others } = options
  const kubeProxy = kubeProxyFlagsOf({ ...others })
  return usable(await loadConfig(options.config, { ...flagsOf(options), kubeProxy, kubeconfig }))
}

/** The same for `run`. */
export const readRunConfig = async (options: ConfigOptions): Promise<ProxyConfig> =>
  usable(await loadConfig(options.config, runFlags(options)))

export const runFlags = (options: ConfigOptions): ConfigFlags => ({
  ...flagsOf(options),
  kubeProxy: kubeProxyFlagsOf({ ...options }),
})

const flagsOf = ({ plane, node, serviceProxyName, source, shadow, context, master }: ConfigOptions): ConfigFlags => ({
  plane,
  nodeName: node,
  proxyName: serviceProxyName,
  source,
  shadow,
  context,
  master,
})

const usable = ({ config, problems, warnings }: LoadedConfig): ProxyConfig => {
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  printProblems(warnings, 'warning')
  return config
}
