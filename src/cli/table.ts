/** Columns three spaces apart, as kubectl prints them; '' where there is no row. `header` null: without. */
export const formatTable = (header: readonly string[] | null, rows: readonly (readonly string[])[]): string => {
  if (rows.length === 0) return ''
  const lines = header === null ? rows : [header, ...rows]
  const widths: number[] = []
  for (const line of lines) line.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** As `formatTable`, with everything from column `from` on at the right, up to `to` (not included; default: all). */
export const numericTable = (rows: readonly (readonly string[])[], from: number, to = Infinity): string => {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  return formatTable(
    null,
    rows.map((row) => row.map((cell, i) => (i < from || i >= to ? cell : cell.padStart(widths[i] ?? 0)))),
  )
}
