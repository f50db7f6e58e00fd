/** `text` of a style class ('' none) at a point. */
export const text = (x: number, y: number, style: string, words: string, anchor = 'start'): string =>
  `<text x="${px(x)}" y="${px(y)}"${style === '' ? '' : ` class="${style}"`} text-anchor="${anchor}">${escaped(words)}</text>`

/** A tenth of a pixel is as fine as anybody sees. */
export const px = (value: number): string => String(Math.round(value * 10) / 10)

export const escaped = (words: string): string =>
  words
    .replaceAll(forbidden, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    // `]]>` has no place in XML's text
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** in XML 1.0: control characters but tab and line ends, and two that are no characters */
const forbidden = /(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]/gu

/** About how wide words of 12 px are: fonts differ, so it errs on the wide side. */
export const widthOf = (words: string): number => 7.2 * words.length + 3.3 * (words.match(/[mwMW+=@%]/g)?.length ?? 0)

/** Words broken at spaces into lines that are about as wide at most. */
export const wrapped = (words: string, width: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of words.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}

/** Cut to about this width, with an ellipsis. */
export const shortened = (words: string, width: number): string => {
  const most = Math.max(1, Math.floor(width / widthOf('x')))
  return words.length <= most ? words : `${words.slice(0, Math.max(0, most - 1))}…`
}
