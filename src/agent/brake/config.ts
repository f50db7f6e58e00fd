/** When the brake holds back what would leave frontends without backends (EvenkeelConfiguration `brake`). */
export interface BrakeConfig {
  /** 1 … 100: of the frontends that had backends when the window began, at most so many percent may lose them all within it */
  readonly maxEmptiedPercent: number
  /** fewer than so many are never held, default 10 */
  readonly minFrontends: number
  /** ms, default 60,000 */
  readonly windowMs: number
}

export const brakeDefaults = { minFrontends: 10, windowMs: 60_000 } as const
