import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaries } from '../../test/kube/binaries.ts'
import { run, type Running } from '../../test/kube/processes.ts'
import { POD_CIDR } from '../../src/lab/scale/objects.ts'
import { OWN_NODE } from './objects.ts'

export const peerNames = ['evenkeel', 'evenkeel-iptables', 'kube-proxy-nftables', 'kube-proxy-iptables'] as const
export type PeerName = (typeof peerNames)[number]
/** Those measured when nobody says which. */
export const usualPeers: readonly PeerName[] = ['evenkeel', 'kube-proxy-nftables', 'kube-proxy-iptables']

export const isOwn = (peer: PeerName): boolean => peer === 'evenkeel' || peer === 'evenkeel-iptables'
export const usesIptables = (peer: PeerName): boolean => peer === 'evenkeel-iptables' || peer === 'kube-proxy-iptables'

export type IptablesBackend = 'legacy' | 'nft'

/** Where and how a proxy is started. */
export interface ProxyPlace {
  readonly namespace: string
  /** for its files and its log */
  readonly directory: string
  readonly kubeconfig: string
  readonly iptables: IptablesBackend
}

/** Each with the same KubeProxyConfiguration but for the mode, everything else as it is shipped. */
export const startProxy = (peer: PeerName, place: ProxyPlace): Running => {
  const config = join(place.directory, 'config.yaml')
  writeFileSync(config, configuration(peer, place.kubeconfig))
  const command = isOwn(peer)
    ? [
        fileURLToPath(new URL('../../bin/evenkeel', import.meta.url)),
        'run',
        '--source',
        'kubernetes',
        '--config',
        config,
      ]
    : [binaries.kubeProxy, `--config=${config}`]
  const environment = usesIptables(peer) ? { PATH: `${iptablesPath(place)}:${process.env['PATH']}` } : {}
  return run('ip', ['netns', 'exec', place.namespace, ...command], join(place.directory, 'log'), environment)
}

const configuration = (peer: PeerName, kubeconfig: string): string => `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ${usesIptables(peer) ? 'iptables' : 'nftables'}
clusterCIDR: ${POD_CIDR}
hostnameOverride: ${OWN_NODE}
clientConnection:
  kubeconfig: ${kubeconfig}
# this machine's own limits stay as they are
conntrack:
  maxPerCore: 0
  min: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
`

/** A directory in which the programs that a proxy calls are those of one back end. */
const iptablesPath = ({ directory, iptables }: ProxyPlace): string => {
  const path = join(directory, 'bin')
  mkdirSync(path)
  for (const family of ['iptables', 'ip6tables'])
    for (const action of ['', '-save', '-restore'])
      symlinkSync(`/usr/sbin/xtables-${iptables}-multi`, join(path, `${family}${action}`))
  return path
}
