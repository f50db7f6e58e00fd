/** Text that is HTML already: made by `html` or `trusted` alone. */
export interface Html {
  readonly html: string
}

export type HtmlValue = Html | string | number | null | undefined | readonly HtmlValue[]

/**
 * HTML of a template: strings and numbers are escaped, for text and for values of attributes in double quotes; HTML and lists of it stand as
 * they are; null is nothing. Names of elements and attributes, and what is in `<style>`, belong into the template itself.
 */
export const html = (pieces: TemplateStringsArray, ...values: readonly HtmlValue[]): Html => ({
  html: pieces.map((piece, i) => (i === 0 ? piece : textOf(values[i - 1]) + piece)).join(''),
})

/** HTML or SVG that somebody else has made and escaped. */
export const trusted = (text: string): Html => ({ html: text })

const textOf = (value: HtmlValue): string => {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value))
  if (isList(value)) return value.map(textOf).join('')
  return value.html
}

const isList = (value: HtmlValue): value is readonly HtmlValue[] => Array.isArray(value)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Control characters are none in HTML; those that turn the direction of writing would reach beyond their own word. */
const forbidden = /(?![\t\n\r])\p{Cc}|[\u202A-\u202E\u2066-\u2069]|\p{Cs}/gu

const escaped = (text: string): string =>
  text.replaceAll(forbidden, '\uFFFD').replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
