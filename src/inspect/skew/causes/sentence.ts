import type { LoadUnit } from '../observation.ts'

/** `12 %`, `0.8 %` */
export const percent = (share: number): string => {
  const hundredths = share * 100
  return `${hundredths >= 10 || hundredths === 0 ? Math.round(hundredths) : Number(hundredths.toPrecision(1))} %`
}

/** `web-0`, `web-0 and web-1`, `web-0, web-1 and 3 more` */
export const listed = (names: readonly string[], most = 3): string => {
  if (names.length > most) return `${names.slice(0, most - 1).join(', ')} and ${names.length - most + 1} more`
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** `1 pod`, `3 pods` */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${whole(count)} ${count === 1 ? one : many}`

/** Without digits that nobody reads. */
export const whole = (x: number): string =>
  String(Math.abs(x) >= 10 || Number.isInteger(x) ? Math.round(x) : Number(x.toPrecision(2)))

/** `1 client makes`, `3 clients make` */
export const does = (count: number, one: string, verb: string): string =>
  `${counted(count, one)} ${verb}${count === 1 ? 's' : ''}`

export const is = (count: number): string => (count === 1 ? 'is' : 'are')

export const unitWords: { readonly [unit in LoadUnit]: string } = {
  connections: 'connections',
  bytes: 'bytes',
  requests: 'requests',
  cpu: 'CPU time',
}
