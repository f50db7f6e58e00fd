import fc from 'fast-check'
import { expect, test } from 'vitest'
import { html, trusted } from './html.ts'

test.each([
  ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  [`" onload='x' & <`, '&quot; onload=&#39;x&#39; &amp; &lt;'],
  ['a\0b\u001Bc\u202Ed\uD800e', 'a\uFFFDb\uFFFDc\uFFFDd\uFFFDe'],
  ['pod-0 ✓ \u{1F600}\n', 'pod-0 ✓ \u{1F600}\n'],
])('%j is text', (value, expected) =>
  expect(html`<p title="${value}">${value}</p>`.html).toBe(`<p title="${expected}">${expected}</p>`),
)

test('HTML stands as it is, lists one after the other, nothing is nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
  expect(html`<ul>${items}${null}${undefined}${3}${trusted('<hr>')}</ul>`.html).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li>3<hr></ul>',
  )
})

const unit = fc.constantFrom('<', '>', '"', "'", '&', '/', '!', '-', ';', '#', 'a', '\0', '\u202E', '\uD800', 'é')

test('no text ends what it is in', () => {
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(html`${text}`.html).not.toMatch(/[<>"']|&(?!\w+;|#39;)/)
    }),
  )
})
