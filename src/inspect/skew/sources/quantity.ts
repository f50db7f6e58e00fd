const perMillicore: Readonly<Record<string, number>> = { '': 1000, m: 1, u: 1e-3, n: 1e-6 }

/** CPU as Kubernetes writes it, in millicores: `977m`, `1` (cores), `0.5`, `250000n`; null: no such quantity. */
export const millicores = (text: string): number | null => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([mun])?$/.exec(text) ?? []
  return number === undefined ? null : Number(number) * (perMillicore[unit] ?? 1)
}

/** Is it a quantity with a suffix, so that the numbers beside it without one are cores? */
export const isMillicores = (text: string): boolean => /^\d+(?:\.\d+)?[mun]$/.test(text)
