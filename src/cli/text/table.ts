import { displayWidth } from './width.ts'

type Row = readonly string[]

/**
 * Columns three spaces apart, as kubectl prints them; '' where there is no row. `header` null: without. A column is as wide as a
 * terminal shows it: East Asian characters and emojis take two places, colours none.
 */
export const formatTable = (header: Row | null, rows: readonly Row[]): string => {
  if (rows.length === 0) return ''
  const lines = header === null ? rows : [header, ...rows]
  const widths = widthsOf(lines)
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell + gap(cell, widths[i]))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** As `formatTable`, with everything from column `from` on at the right, up to `to` (not included; default: all). */
export const numericTable = (rows: readonly Row[], from: number, to = Infinity): string => {
  const widths = widthsOf(rows)
  return formatTable(
    null,
    rows.map((row) => row.map((cell, i) => (i < from || i >= to ? cell : gap(cell, widths[i]) + cell))),
  )
}

const widthsOf = (rows: readonly Row[]): readonly number[] => {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell))))
  return widths
}

const gap = (cell: string, width = 0): string => ' '.repeat(Math.max(0, width - displayWidth(cell)))
