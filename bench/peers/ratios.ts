import type { PeerReport } from './peer-report.ts'
import { isOwn, type PeerName } from './proxies.ts'

/** How many times Evenkeel's value a peer's is; null where one of them is missing. */
export interface Ratio {
  readonly inSync: number | null
  readonly changeP50: number | null
  readonly changeP99: number | null
  readonly storm: number | null
  readonly rss: number | null
  readonly peak: number | null
  readonly cpuToSync: number | null
  readonly connectLast: number | null
}

export type Ratios = Readonly<Partial<Record<PeerName, Ratio>>>

/** Of each kube-proxy to the agent on one of its planes; empty where that was not measured. */
export const ratiosOf = (reports: readonly PeerReport[], to: PeerName): Ratios => {
  const own = reports.find(({ peer }) => peer === to)
  if (!own) return {}
  const others = reports.filter(({ peer }) => !isOwn(peer))
  return Object.fromEntries(others.map((report) => [report.peer, ratio(report, own)]))
}

const ratio = (peer: PeerReport, own: PeerReport): Ratio => {
  const of = (read: (report: PeerReport) => number | null | undefined): number | null => {
    const [a, b] = [read(peer), read(own)]
    return a && b ? Math.round((a / b) * 100) / 100 : null
  }
  return {
    inSync: of(({ inSyncMs }) => inSyncMs),
    changeP50: of(({ change }) => change?.ms.p50),
    changeP99: of(({ change }) => change?.ms.p99),
    storm: of(({ storm }) => storm?.ms),
    rss: of(({ atEnd }) => atEnd?.rssMiB),
    peak: of(({ atEnd }) => atEnd?.peakMiB),
    cpuToSync: of(({ atSync }) => atSync?.cpuSeconds),
    connectLast: of(({ connect }) => connect?.last),
  }
}
