import type { KernelFactsOptions, PlaneName } from '../dataplane/plane.ts'
import { readKernelFacts } from '../dataplane/registry.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { ProxyConfig } from './config/config.ts'

export interface WithKernelFactsOptions extends KernelFactsOptions {
  readonly plane: PlaneName
  readonly kernel: Kernel
}

/** The configuration with what the plane's rules depend on and only the kernel knows: `tcpBeLiberal` and `nfacct`. */
export const withKernelFacts = async (config: ProxyConfig, options: WithKernelFactsOptions): Promise<ProxyConfig> => {
  const facts = await readKernelFacts(options.plane, options.kernel, options)
  if (facts === null) return config
  return { ...config, ...facts, tcpBeLiberal: config.tcpBeLiberal || facts.tcpBeLiberal }
}
