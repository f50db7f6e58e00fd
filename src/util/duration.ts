/** ms in each of Go's units (time.ParseDuration). */
const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

/** What Go's time.ParseDuration reads (`30s`, `1h2m3.5s`, `-1s`, `0`), in ms; null for anything else. */
export const parseDuration = (text: string): number | null => {
  const [, sign = '', terms = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (terms === '0') return 0
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(terms)) return null
  let sum = 0
  for (const [, amount = '', unit = ''] of terms.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g))
    sum += Number(amount) * (units[unit] ?? Number.NaN)
  return sign === '-' ? 0 - sum : sum
}

/** As Go prints it: `30s`, `15m0s`, `1h0m0s`, `1.5s`, `250ms`, `0s`. */
export const formatDuration = (ms: number): string => {
  if (ms === 0) return '0s'
  if (ms < 0) return `-${formatDuration(-ms)}`
  if (ms < 1_000) return ms < 1 ? `${Math.round(ms * 1e6)}ns` : `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${Number(((ms % 60_000) / 1_000).toFixed(9))}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
