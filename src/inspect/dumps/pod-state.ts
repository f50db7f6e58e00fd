import { isRaw, type Raw } from '../../sources/fields.ts'

/** What a Pod object says of its life. */
export interface PodState {
  /** seconds since the epoch: when it last became ready, else when it was started; null: not said */
  readonly startedAt: number | null
  /** null: it has no condition `Ready` */
  readonly ready: boolean | null
  readonly terminating: boolean
}

export const podStateOf = (metadata: Raw, status: Raw): PodState => {
  const ready = conditionOf(status, 'Ready')
  const isReady = ready === null ? null : ready['status'] === 'True'
  const since = isReady === true ? secondsOf(ready?.['lastTransitionTime']) : null
  return {
    startedAt: since ?? secondsOf(status['startTime']),
    ready: isReady,
    terminating: typeof metadata['deletionTimestamp'] === 'string',
  }
}

const conditionOf = ({ conditions }: Raw, type: string): Raw | null => {
  if (!Array.isArray(conditions)) return null
  const found: unknown = conditions.find((one: unknown) => isRaw(one) && one['type'] === type)
  return isRaw(found) ? found : null
}

const secondsOf = (value: unknown): number | null => {
  const time = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time / 1000
}
