/** What luck allows a backend and what it has. */
export interface Band {
  readonly count: number
  readonly expected: number
  readonly low: number | null
  readonly high: number | null
}

const WIDTH = 40

/** `      ├────┼──●──┤`: from 0 to `most`, the band luck allows, what was expected, and the count. */
export const bandPicture = ({ count, expected, low, high }: Band, most: number): string => {
  const at = (value: number): number => Math.max(0, Math.min(WIDTH - 1, Math.round((value / most) * (WIDTH - 1))))
  const cells = Array.from({ length: WIDTH }, () => ' ')
  if (low !== null && high !== null) {
    for (let i = at(low); i <= at(high); i++) cells[i] = '─'
    cells[at(low)] = '├'
    cells[at(high)] = '┤'
  }
  cells[at(expected)] = '┼'
  cells[at(count)] = '●'
  return cells.join('').trimEnd()
}
