import type { Command } from 'commander'
import type { ProxyConfig } from '../agent/config.ts'
import type { PlaneName } from '../dataplane/plane.ts'
import { planeNamed } from '../dataplane/registry.ts'
import { addConfigOptions, type ConfigOptions, readProxyConfig } from './proxy-config.ts'

/** What the commands share that act on the kernel of this node. */
export type NodeOptions = ConfigOptions

export const addNodeOptions = (command: Command): Command =>
  addConfigOptions(command.option('--plane <plane>', 'nftables or auto (default: the configuration’s mode, else auto)'))

/** Throws for a configuration that cannot be used and for planes that are not there; warnings go to stderr. */
export const readNodeOptions = async (options: NodeOptions): Promise<{ config: ProxyConfig; plane: PlaneName }> => {
  const config = await readProxyConfig(options)
  return { config, plane: planeNamed(options.plane ?? config.mode ?? 'auto') }
}
