import { colourOf, shapeOf } from './style.ts'
import { px } from './svg.ts'

/** The shape of a series, about 8 px wide, around a point; of none, nothing. */
export const symbol = (x: number, y: number, series: number | null): string => {
  if (series === null) return ''
  const at = (dx: number, dy: number): string => `${px(x + dx)},${px(y + dy)}`
  const stroke = `c${colourOf(series)}`
  const fill = `f${colourOf(series)}`
  const polygon = (...points: readonly string[]): string => `<polygon class="${fill}" points="${points.join(' ')}"/>`
  const strokes = (...parts: readonly string[]): string => `<path class="hollow ${stroke}" d="${parts.join('')}"/>`
  switch (shapeOf(series)) {
    case 'circle':
      return `<circle class="${fill}" cx="${px(x)}" cy="${px(y)}" r="4"/>`
    case 'square':
      return polygon(at(-3.5, -3.5), at(3.5, -3.5), at(3.5, 3.5), at(-3.5, 3.5))
    case 'triangle':
      return polygon(at(0, -5), at(4.5, 3.5), at(-4.5, 3.5))
    case 'diamond':
      return polygon(at(0, -5), at(5, 0), at(0, 5), at(-5, 0))
    case 'cross':
      return strokes(`M${at(-4, -4)}L${at(4, 4)}`, `M${at(-4, 4)}L${at(4, -4)}`)
    case 'down':
      return polygon(at(0, 5), at(4.5, -3.5), at(-4.5, -3.5))
    case 'plus':
      return strokes(`M${at(-5, 0)}L${at(5, 0)}`, `M${at(0, -5)}L${at(0, 5)}`)
    case 'ring':
      return `<circle class="hollow ${stroke}" cx="${px(x)}" cy="${px(y)}" r="4"/>`
  }
}
