import { styleText } from 'node:util'
import { expect, test } from 'vitest'
import { formatTable, numericTable } from './table.ts'
import { displayWidth } from './width.ts'

test('columns are three apart, and no line ends in spaces', () => {
  expect(
    formatTable(
      ['POD', 'NODE'],
      [
        ['web-1', 'a'],
        ['db', ''],
      ],
    ),
  ).toBe('POD     NODE\nweb-1   a\ndb\n')
  expect(formatTable(['POD'], [])).toBe('')
})

test('numbers stand at the right', () => {
  expect(
    numericTable(
      [
        ['POD', 'N'],
        ['web', '10'],
      ],
      1,
    ),
  ).toBe('POD    N\nweb   10\n')
  expect(
    numericTable(
      [
        ['1', '1', 'x'],
        ['10', '10', 'yy'],
      ],
      1,
      2,
    ),
  ).toBe('1     1   x\n10   10   yy\n')
})

test.each([
  ['plain', 'shop/web-1 → 3 × 10', 19],
  ['East Asian characters', '注文サービス', 12],
  ['half as wide', 'ｱｲ', 2],
  ['Hangul', '주문', 4],
  ['an emoji', '🛒', 2],
  ['an emoji of several characters', '👩‍💻', 2],
  ['a flag', '🇩🇪', 2],
  ['a sign shown as an emoji', '❤️', 2],
  ['an accent of its own', 'cafe\u0301', 4],
  ['nothing to see', 'a\u200bb\u00ad', 2],
  ['colours', styleText(['red', 'bold'], 'web', { validateStream: false }), 3],
  ['a link', '\u001b]8;;https://a.example\u0007web\u001b]8;;\u0007', 3],
  ['half a character, shown as a question mark', '\ud83d', 1],
])('%s: %j takes %i places', (_, text, places) => {
  expect(displayWidth(text)).toBe(places)
})

test('colours move nothing', () => {
  const red = styleText('red', 'web', { validateStream: false })
  expect(
    formatTable(null, [
      [red, 'x'],
      ['order', 'y'],
    ]),
  ).toBe(`${red}     x\norder   y\n`)
  expect(
    numericTable(
      [
        [red, 'x'],
        ['order', 'y'],
      ],
      0,
    ),
  ).toBe(`  ${red}   x\norder   y\n`)
})

test('a wide name moves what stands after it by its own width', () => {
  expect(
    formatTable(null, [
      ['注文', 'x'],
      ['order', 'y'],
    ]),
  ).toBe('注文    x\norder   y\n')
})
