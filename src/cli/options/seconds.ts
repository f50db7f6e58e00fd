const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }

/** `90s`, `10m`, `1h30m` in seconds. Throws for what is no duration. */
export const readSeconds = (text: string): number => {
  if (!/^(\d+[smh])+$/.test(text)) throw new Error(`${JSON.stringify(text)}: must be a duration like 90s, 10m or 1h30m`)
  let seconds = 0
  for (const [, count, unit = ''] of text.matchAll(/(\d+)([smh])/g)) seconds += Number(count) * (units[unit] ?? 0)
  return seconds
}
