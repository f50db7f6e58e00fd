/** Of each series: for light and for dark ground, both far enough from it to be read (WCAG: 4.5:1) and from each other by lightness, too. */
const colours = [
  ['#0b6fb8', '#5ab4f5'],
  ['#c2410c', '#fb8c4e'],
  ['#7a3fb0', '#c79bf2'],
  ['#14804a', '#4cc789'],
  ['#a1176b', '#f277bd'],
  ['#75620a', '#dcc650'],
  ['#0e7280', '#54d0dd'],
  ['#474f5c', '#b9c2cf'],
] as const

/** what belongs to no series */
const NEUTRAL = colours.length - 1

const shapes = ['circle', 'square', 'triangle', 'diamond', 'cross', 'down', 'plus', 'ring'] as const
export type Shape = (typeof shapes)[number]

/** How a series looks: classes `c0` (stroke) and `f0` (fill), and its shape. 64 series differ in one or the other. */
export const colourOf = (series: number | null): number => (series ?? NEUTRAL) % colours.length
export const shapeOf = (series: number): Shape =>
  shapes[(series + 3 * Math.floor(series / colours.length)) % shapes.length] ?? 'circle'

const root = 'svg.evenkeel-chart '

const rules: readonly (readonly [selector: string, light: string, dark?: string])[] = [
  ['.ground', 'fill:#fff', 'fill:#16181c'],
  ['text', 'font:12px system-ui,sans-serif;fill:#222', 'fill:#e6e6e6'],
  ['.heading', 'font-size:16px;font-weight:600'],
  ['.strong', 'font-weight:600'],
  ['.small', 'font-size:11px;fill:#555', 'fill:#aaa'],
  ['.halo', 'paint-order:stroke;stroke:#fff;stroke-width:3px', 'stroke:#16181c'],
  ['.grid', 'stroke:#ddd', 'stroke:#33373d'],
  ['.frame', 'stroke:#777;fill:none'],
  ['polyline', 'fill:none;stroke-linejoin:round'],
  ['.main', 'stroke-width:2'],
  ['.dashed', 'stroke-width:1.2;stroke-dasharray:5 4'],
  ['.grey', 'stroke:#888;stroke-width:1.2'],
  ['.mark', 'stroke-width:1;stroke-dasharray:2 3'],
  ['.bracket', 'stroke:#444;stroke-width:1.2;fill:none', 'stroke:#ccc'],
  ...colours.flatMap(([light, dark], index): [string, string, string][] => [
    [`.c${index}`, `stroke:${light}`, `stroke:${dark}`],
    [`.f${index}`, `fill:${light}`, `fill:${dark}`],
  ]),
  ['.band', 'fill-opacity:.16;stroke:none', 'fill-opacity:.22'],
  ['.bar', 'fill-opacity:.3;stroke-width:1', 'fill-opacity:.4'],
  ['.hollow', 'fill:none;stroke-width:2'],
]

/** In a page beside others, it reaches into nothing but charts. */
export const styleSheet: string = [
  ...rules.map(([selector, light]) => `${root}${selector}{${light}}`),
  '@media (prefers-color-scheme:dark){',
  ...rules.flatMap(([selector, , dark]) => (dark === undefined ? [] : [`${root}${selector}{${dark}}`])),
  '}',
].join('')
