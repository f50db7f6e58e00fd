import { formatEndpoint } from '../model/address.ts'
import { serviceKey } from '../model/objects.ts'
import type { Agents } from './agents.ts'
import type { Lab } from './lab.ts'
import { shownEvenkeel } from './program.ts'

/** Leaves the lab and its agents standing, with a word on what can be tried. Answers the words. */
export const keepForPlay = async (lab: Lab, agents: Agents): Promise<readonly string[]> => {
  const hints = whatToTry(lab)
  agents.release()
  await lab.keep(hints)
  return hints
}

/** Command lines for a person; names and addresses are the lab's. */
const whatToTry = (lab: Lab): readonly string[] => {
  const { id, nodes, pods } = lab.cluster
  const evenkeel = shownEvenkeel()
  const exec = id === 'lab' ? 'lab exec' : `lab exec --lab ${id}`
  const lines: string[] = []
  const from = pods[0]?.name ?? nodes[0]?.name ?? 'client'
  for (const service of lab.control.services) {
    const [port] = service.ports
    if (port === undefined) continue
    const what = `# ${serviceKey(service)}`
    for (const address of service.clusterIPs)
      lines.push(`${evenkeel} ${exec} ${from} -- ${ask(address, port.port)}   ${what}, ClusterIP`)
    const node = nodes[0]
    if (port.nodePort !== 0 && node !== undefined)
      lines.push(
        `${evenkeel} ${exec} client -- ${ask(node.addresses[service.ipFamilies[0] ?? 'IPv4'], port.nodePort)}   ${what}, NodePort`,
      )
    for (const address of service.balancers)
      lines.push(`${evenkeel} ${exec} client -- ${ask(address, port.port)}   ${what}, LoadBalancer`)
  }
  return [
    ...lines.slice(0, 12),
    `${evenkeel} ${exec} node-0 -- ${evenkeel} status`,
    `${evenkeel} ${exec} node-0 -- nft list ruleset`,
    `edit the files in ${lab.manifests}; logs are in ${lab.directory}/log`,
    `${evenkeel} lab down ${id}`,
  ]
}

const ask = (address: string, port: number): string => `curl -s http://${formatEndpoint(address, port)}/`
