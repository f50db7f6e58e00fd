import type { SoakReport } from './soak.ts'
import type { Measure } from './trends.ts'

/** For people; what programs read is the JSON. */
export const formatSoak = (report: SoakReport): string => {
  const { hours, services, endpoints, changes, transactions, realSeconds, warmUpHours, trends, complaints } = report
  const lines = (Object.keys(trends) as Measure[]).map((measure) => {
    const { mean, growth, low, high, limit, verdict } = trends[measure]
    const range = `${number(low)} … ${number(high)}`
    return `${measure.padEnd(12)}${number(mean).padStart(9)}   ${`${number(growth)} (${range})`.padEnd(28)}${number(limit).padStart(7)}   ${verdict}`
  })
  return [
    `${hours} simulated hours, ${services} Services × ${endpoints}: ${changes} changes in ${transactions} transactions, ${realSeconds} s`,
    `after ${number(warmUpHours)} hours of warm-up:`,
    `${''.padEnd(12)}${'mean'.padStart(9)}   ${'growth over the rest (95 %)'.padEnd(28)}${'limit'.padStart(7)}`,
    ...lines,
    `kernel equals the plan: ${report.inSync ? 'yes' : 'NO'}; a new agent wrote ${report.restartWrites} transactions`,
    ...Object.entries(complaints).map(([message, count]) => `the agent said ${count} times: ${message}`),
    report.verdict,
  ].join('\n')
}

const number = (value: number): string => value.toFixed(2)
