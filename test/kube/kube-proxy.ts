import { join } from 'node:path'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { environment } from '../../src/kernel/exec.ts'
import type { KubeCluster } from './cluster.ts'
import { type Running, run } from './processes.ts'

export type ProxyMode = 'iptables' | 'nftables'

/** The pod CIDRs of both nodes (network.ts) in one of each family. */
const clusterCIDR = '10.1.0.0/16,fd00:1::/32'

/** Fields of a KubeProxyConfiguration that matter to rules: the same for kube-proxy and for the agent beside or instead of it. */
export const proxyConfiguration = (mode: ProxyMode, kubeconfig: string): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode,
  clusterCIDR,
  detectLocalMode: 'ClusterCIDR',
  hostnameOverride: 'node-a',
  clientConnection: { kubeconfig },
  conntrack: { maxPerCore: 0 },
  // what somebody does to its rules is not repaired while a test looks at it
  iptables: { syncPeriod: '10m0s', minSyncPeriod: '100ms' },
  nftables: { syncPeriod: '10m0s', minSyncPeriod: '100ms' },
})

/** `PATH` under which `iptables` is the back end asked for, as where a distribution's alternatives say so. */
export const pathWith = (directory: string, backEnd: 'legacy' | 'nft'): string => {
  const folder = join(directory, `iptables-${backEnd}`)
  mkdirSync(folder, { recursive: true })
  for (const name of ['iptables', 'ip6tables'])
    for (const program of [name, `${name}-save`, `${name}-restore`]) {
      const link = join(folder, program)
      if (!existsSync(link)) symlinkSync(`/usr/sbin/xtables-${backEnd}-multi`, link)
    }
  return `${folder}:${environment()['PATH']}`
}

/** The real kube-proxy as node-a. Its rules stay when it ends. */
export const startKubeProxy = (
  cluster: KubeCluster,
  mode: ProxyMode,
  backEnd: 'legacy' | 'nft' = 'nft',
): Running & { log(): string } => {
  const log = join(cluster.directory, `kube-proxy-${mode}.log`)
  const config = join(cluster.directory, `kube-proxy-${mode}.json`)
  writeFileSync(config, JSON.stringify(proxyConfiguration(mode, cluster.kubeconfig)))
  const program = run(cluster.bin.kubeProxy, [`--config=${config}`], log, {
    PATH: pathWith(cluster.directory, backEnd),
  })
  return { ...program, log: () => readFileSync(log, 'utf8') }
}
