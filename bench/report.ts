import type { Quantiles } from '../src/util/percentile.ts'
import type { ConnectReport } from './connect.ts'
import type { SyncReport } from './sync.ts'

/** For people; what programs read is the JSON. */
export const formatSync = (report: SyncReport): string => {
  const { changeMs, ownMs } = report
  return rows([
    [`${report.plane}, ${report.services} Services × ${report.endpoints}`, ''],
    [
      'full sync',
      `${ms(report.fullSyncMs)}, encoding ${ms(report.encodeMs)}, kernel ${ms(report.kernelMs)} for ${report.writes} writes`,
    ],
    ['change', spread(changeMs)],
    ['  swap', spread(changeMs.swap)],
    ['  resize', spread(changeMs.resize)],
    ['  without the kernel', spread(ownMs)],
    ...(report.bareChangeMs ? [['  bare iptables-restore', spread(report.bareChangeMs)] as const] : []),
    ['restart', `${ms(report.restartMs)}, ${report.restartWrites} writes`],
    [
      'memory',
      `agent ${report.rssMiB.toFixed(0)} MiB, kernel ${report.slabMiB.toFixed(0)} MiB slab, ${report.percpuMiB.toFixed(0)} MiB percpu`,
    ],
  ])
}

/** p50 in µs. */
export const formatConnect = ({ plane, direct, services }: ConnectReport): string =>
  rows([
    [`${plane}, connect()`, `direct ${us(direct)}`],
    ...services.map(({ count, first, last, direct }): [string, string] => [
      `${count} Services`,
      `first ${us(first)}, last ${us(last)}, direct beside them ${us(direct)}`,
    ]),
  ])

const us = ({ p50 }: { readonly p50: number }): string => `${p50.toFixed(1)} µs`

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`

const spread = ({ p50, p99 }: Quantiles): string => `p50 ${ms(p50)}, p99 ${ms(p99)}`

const rows = (lines: readonly (readonly [string, string])[]): string =>
  lines.map(([name, value]) => `${name.padEnd(24)}${value}`.trimEnd()).join('\n')
