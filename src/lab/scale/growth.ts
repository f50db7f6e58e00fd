/** A measured point: Services, and what a connection costs then. */
export interface Point {
  readonly services: number
  readonly micros: number
}

/** How the cost of a connection follows the number of Services. */
export interface Growth {
  /** linear: at the largest size it costs at least half as much again as at the smallest; null: measured at one size only */
  readonly kind: 'linear' | 'flat' | null
  /** slope of the straight line through all points (least squares) */
  readonly microsPerThousand: number
  /** Services at which a connection costs twice what it costs with the fewest, interpolated; null: not within what was measured */
  readonly doublesAt: number | null
}

const LINEAR = 1.5

/** `points` by growing number of Services. */
export const growthOf = (points: readonly Point[]): Growth => {
  const [smallest] = points
  const largest = points.at(-1)
  if (smallest === undefined || largest === undefined || points.length < 2)
    return { kind: null, microsPerThousand: 0, doublesAt: null }
  return {
    kind: largest.micros >= LINEAR * smallest.micros ? 'linear' : 'flat',
    microsPerThousand: Math.round(slope(points) * 1e6) / 1e3,
    doublesAt: crossing(points, 2 * smallest.micros),
  }
}

const slope = (points: readonly Point[]): number => {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const x = mean(({ services }) => services)
  const y = mean(({ micros }) => micros)
  const spread = mean(({ services }) => (services - x) ** 2)
  return spread === 0 ? 0 : mean(({ services, micros }) => (services - x) * (micros - y)) / spread
}

/** Where the line from point to point first reaches `micros`. */
const crossing = (points: readonly Point[], micros: number): number | null => {
  for (const [index, to] of points.entries()) {
    const from = points[index - 1]
    if (from === undefined || to.micros < micros) continue
    const share = (micros - from.micros) / (to.micros - from.micros)
    return Math.round(from.services + share * (to.services - from.services))
  }
  return null
}
