import { exec } from '../../kernel/exec.ts'
import { shuffle } from '../../util/random.ts'
import type { LabPod } from '../cluster.ts'
import { inNetns, ipBatch } from '../ip.ts'

/** Many clients in one client pod: each an address of its own, known to the cluster or hidden behind the pod's. */

/** of a node's /24, above what the lab's own pods come to */
const hosts = Array.from({ length: 150 }, (_, i) => 100 + i)
/** for `drawnAddress` alone */
const otherHosts = Array.from({ length: 30 }, (_, i) => 70 + i)
const mostAddresses = hosts.length

/** `count` (at most `mostAddresses`) more addresses for the pod, of its node's range; the seed says which. Its node reaches them as it does the pod. */
export const moreAddresses = async (pod: LabPod, count: number, seed: string): Promise<readonly string[]> => {
  if (count > mostAddresses) throw new RangeError(`a client pod has at most ${mostAddresses} addresses, not ${count}`)
  return addAddresses(pod, shuffle(hosts, seed).slice(0, count))
}

/** One more, as the seed says: what hashes clients treats the pod as it would treat another. */
export const drawnAddress = async (pod: LabPod, seed: string): Promise<readonly string[]> =>
  addAddresses(pod, shuffle(otherHosts, seed).slice(0, 1))

const addAddresses = async (pod: LabPod, hosts: readonly number[]): Promise<readonly string[]> => {
  const network = pod.addresses.IPv4.replace(/\d+$/, '')
  const addresses = hosts.map((host) => `${network}${host}`)
  await ipBatch(
    addresses.map((address) => `address add ${address}/32 dev eth0`),
    pod.netns,
  )
  return addresses
}

/** `count` addresses that nobody else knows: what they send leaves with the pod's own, as from behind a NAT gateway. */
export const hiddenAddresses = async (pod: LabPod, count: number): Promise<readonly string[]> => {
  if (count > 65_000) throw new RangeError(`not ${count} clients behind one address`)
  const hidden = Array.from({ length: count }, (_, i) => `10.77.${Math.floor(i / 250)}.${1 + (i % 250)}`)
  await ipBatch(
    hidden.map((address) => `address add ${address}/32 dev lo`),
    pod.netns,
  )
  const rules = `table ip gateway {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr 10.77.0.0/16 oifname "eth0" snat to ${pod.addresses.IPv4}
  }
}
`
  await exec('ip', inNetns(pod.netns, ['nft', '-f', '-']), { input: rules })
  return hidden
}
