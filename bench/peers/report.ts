import type { ProcessUsage } from './process-usage.ts'
import type { PeersReport } from './peers.ts'
import type { PeerReport } from './peer-report.ts'

/** For people; what programs read is the JSON. One column for each proxy. */
export const formatPeers = ({ services, endpoints, peers, ratios, iptablesRatios = {} }: PeersReport): string => {
  const rows: readonly (readonly [string, (report: PeerReport) => string])[] = [
    ['start to in sync', ({ inSyncMs }) => seconds(inSyncMs)],
    ['change p50', ({ change }) => milliseconds(change?.ms.p50)],
    ['change p99', ({ change }) => milliseconds(change?.ms.p99)],
    ['  of it watch p50', ({ change }) => milliseconds(change?.watchMs.p50)],
    [
      '  changes measured',
      ({ change }) => (change ? `${change.count}${change.late ? `, ${change.late} late` : ''}` : '-'),
    ],
    ['storm, all in force', ({ storm }) => seconds(storm?.ms)],
    ['RSS at the end', ({ atEnd }) => mebibytes(atEnd?.rssMiB)],
    ['peak RSS', ({ atEnd }) => mebibytes(atEnd?.peakMiB)],
    ['CPU to in sync', ({ atSync }) => cpu(atSync)],
    ['CPU in all', ({ atEnd }) => cpu(atEnd)],
    ['connect direct', ({ connect }) => microseconds(connect?.direct)],
    ['connect first Service', ({ connect }) => microseconds(connect?.first)],
    ['connect last Service', ({ connect }) => microseconds(connect?.last)],
    ['unreachable', ({ unreachable }) => (unreachable === undefined ? '-' : String(unreachable))],
  ]
  const table = [
    [`${services} Services × ${endpoints}`, ...peers.map(({ peer }) => peer)],
    ...rows.map(([name, read]) => [name, ...peers.map(read)]),
  ]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
  const failed = peers.flatMap(({ peer, lastWords }) => (lastWords === undefined ? [] : [`${peer}: ${lastWords}`]))
  const times = [
    ...Object.entries(ratios).map((one) => [...one, 'evenkeel'] as const),
    ...Object.entries(iptablesRatios).map((one) => [...one, 'evenkeel-iptables'] as const),
  ].map(
    ([peer, ratio, own]) =>
      `${peer} / ${own}: ${Object.entries(ratio)
        .map(([name, value]) => `${name} ${value ?? '-'}`)
        .join(', ')}`,
  )
  return [...lines, ...failed, ...times].join('\n')
}

const seconds = (ms: number | null | undefined): string =>
  ms === undefined ? '-' : ms === null ? 'not in time' : `${(ms / 1_000).toFixed(2)} s`
const milliseconds = (ms: number | undefined): string =>
  ms === undefined || Number.isNaN(ms) ? '-' : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`
const microseconds = (us: number | undefined): string => (us === undefined ? '-' : `${us.toFixed(1)} µs`)
const mebibytes = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(0)} MiB`)
const cpu = (usage: ProcessUsage | undefined): string =>
  usage === undefined ? '-' : `${usage.cpuSeconds.toFixed(1)} s`
