import { stripVTControlCharacters } from 'node:util'
import { eastAsianWidth } from 'get-east-asian-width'

/** Latin letters, and the punctuation, arrows and bars of our own tables: a place each. */
const narrow = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u259f]*$/
const invisible = /^[\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Mark}]+$/v
const emoji = /^\p{RGI_Emoji}/v

/** Places that a text takes on a terminal: East Asian characters and emojis two (UAX 11), accents and colours none. */
export const displayWidth = (text: string): number => {
  if (narrow.test(text)) return text.length
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(stripVTControlCharacters(text))) width += clusterWidth(segment)
  return width
}

/** Of what a reader takes for one character (UAX 29). */
const clusterWidth = (cluster: string): number => {
  if (invisible.test(cluster)) return 0
  return emoji.test(cluster) ? 2 : eastAsianWidth(cluster.codePointAt(0) ?? 0)
}
