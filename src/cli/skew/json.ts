import type { RankedReport } from '../../inspect/skew/rank.ts'
import type { SkewReport } from '../../inspect/skew/report.ts'

/** `skew -o json` of one Service: keys in this order, documented in docs/json.md. */
export const jsonReport = (report: SkewReport | RankedReport): object => {
  const { service, n, k, level, test, statistic, p, pLower, verdict, cause, maxOverMean, cv, cvLuck, needed } = report
  const { backends, unit, draws, nulls, notes } = report
  return {
    service,
    n,
    k,
    level,
    test,
    // JSON has no infinity: a backend that the rules never choose has connections
    statistic: statistic === Infinity ? null : statistic,
    p,
    pLower,
    verdict,
    cause,
    maxOverMean,
    cv,
    cvLuck,
    needed,
    backends,
    unit,
    draws,
    ...('q' in report ? { q: report.q } : {}),
    nulls,
    notes,
  }
}
