import type { Command } from 'commander'
import type { ProxyConfig } from '../../agent/config/config.ts'
import type { PlaneName } from '../../dataplane/plane.ts'
import { planeNamed, planeNames, refuseBeside } from '../../dataplane/registry.ts'
import { addConfigOptions, type ConfigOptions, readProxyConfig } from './proxy-config.ts'

/** What the commands share that act on the kernel of this node. */
export type NodeOptions = ConfigOptions

export const addNodeOptions = (command: Command): Command => addConfigOptions(addPlaneOption(command))

export const addPlaneOption = (command: Command): Command =>
  command.option(
    '--plane <plane>',
    `${planeNames.join(', ')} or auto (default: the configuration’s plane or mode, else auto)`,
  )

/** Throws for a configuration that cannot be used and for planes that are not there; warnings go to stderr. */
export const readNodeOptions = async (options: NodeOptions): Promise<{ config: ProxyConfig; plane: PlaneName }> => {
  const config = await readProxyConfig(options)
  return { config, plane: planeFor(options, config) }
}

/** `--plane`, else the configuration's `plane`, else its `mode`, else the best there is. Throws for one that is not there, or not beside another proxy. */
export const planeFor = ({ plane }: NodeOptions, config: ProxyConfig): PlaneName => {
  const said = plane ?? config.plane ?? config.mode ?? 'auto'
  if (plane === undefined && config.plane === null && config.mode !== null && !planeNames.includes(config.mode))
    throw new Error(
      `KubeProxyConfiguration: mode: ${config.mode}: this version has no such plane, only ${planeNames.join(', ')}; --plane auto (or EvenkeelConfiguration plane: auto) takes the best there is instead`,
    )
  const name = planeNamed(said)
  refuseBeside(name, config.proxyName)
  return name
}
