import { exec } from '../../kernel/exec.ts'
import { shuffle } from '../../util/random.ts'
import type { LabPod } from '../cluster.ts'
import { inNetns, ipBatch } from '../ip.ts'

/** Many clients in one client pod: each an address of its own, known to the cluster or hidden behind the pod's. */

/** of a node's /24, above what the lab's own pods come to */
const [firstHost, lastHost] = [100, 249]
export const mostAddresses = lastHost - firstHost + 1

/** `count` (at most `mostAddresses`) more addresses for the pod, of its node's range; the seed says which. Its node reaches them as it does the pod. */
export const moreAddresses = async (pod: LabPod, count: number, seed: string): Promise<readonly string[]> => {
  if (count > mostAddresses) throw new RangeError(`a client pod has at most ${mostAddresses} addresses, not ${count}`)
  const network = pod.addresses.IPv4.replace(/\d+$/, '')
  const hosts = Array.from({ length: mostAddresses }, (_, i) => `${network}${firstHost + i}`)
  const chosen = shuffle(hosts, seed).slice(0, count)
  await ipBatch(
    chosen.map((address) => `address add ${address}/32 dev eth0`),
    pod.netns,
  )
  return chosen
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
