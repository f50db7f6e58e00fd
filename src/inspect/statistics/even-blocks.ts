/**
 * Evidence that counts are more even than chance, for ever: connections are cut into blocks, an upper bound of the p of each
 * block's lower tail becomes an e-value, and their product is one, too (Vovk and Wang 2021, "E-values: calibration, combination and applications"). Pure.
 */
import type { Look } from './e-process.ts'
import { sum } from './numbers.ts'
import { pearson } from './pearson.ts'
import { evenAtMost } from './pearson-null.ts'

export interface Block {
  /** what came since the last block was judged, all by the same odds */
  readonly open: Look
  /** connections for each backend at which it is judged */
  readonly size: number
  /** ln of the product of all e-values so far */
  readonly logE: number
}

const fewest = 10
const most = 1000

export const emptyBlock: Block = { open: { names: [], counts: [], odds: [] }, size: fewest, logE: 0 }

/**
 * The block with a look more. It is judged when it is full, and then the next is twice as large: the more connections, the less likely is
 * evenness by chance. Where odds change it is judged as it is, or dropped where that is too small to show anything; both
 * depend on numbers only, not on who was chosen.
 */
export const filled = (block: Block, seen: Look): Block => {
  const fits = sameOdds(block.open, seen)
  const before = fits ? block : closed(block)
  const open = fits ? added(before.open, seen) : seen
  const next = { ...before, open }
  return sum(open.counts) >= next.size * open.odds.length ? closed(next) : next
}

/** The same backends with the same odds. */
export const sameOdds = (a: Look, b: Look): boolean =>
  a.names.length === b.names.length &&
  a.names.every((name, i) => name === b.names[i] && Math.abs((a.odds[i] ?? 0) - (b.odds[i] ?? 0)) < 1e-9)

const added = (open: Look, { counts }: Look): Look => ({
  ...open,
  counts: open.counts.map((count, i) => count + (counts[i] ?? 0)),
})

const closed = ({ open: { names, counts, odds }, size, logE }: Block): Block => {
  const n = sum(counts)
  const rest = { open: { names, odds, counts: counts.map(() => 0) }, size: Math.min(most, size * 2) }
  // who was never to be chosen is the other side's evidence
  const possible = odds.filter((p) => p > 0)
  if (possible.length < 2 || n < fewest * odds.length) return { ...rest, size, logE }
  const chosen = counts.filter((_, i) => (odds[i] ?? 0) > 0)
  const among = sum(chosen)
  const p = evenAtMost(pearson(chosen, possible, among), among, possible)
  return { ...rest, logE: logE + logCalibrated(p) }
}

/** ln of ∫ κp^(κ−1) dκ over 0 … 1, (1 − p + p·ln p)/(p·ln²p): on average at most 1 when p is a p. */
const logCalibrated = (p: number): number => {
  const log = Math.log(p)
  // the limit is ½ at 1, and digits cancel near it
  if (log > -1e-3) return Math.log(0.5 - log / 6)
  return Math.log((1 - p + p * log) / (p * log * log))
}
