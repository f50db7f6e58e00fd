import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { nft, useOwnNftables } from '../../../test/support/own-nftables.ts'
import { sample, TABLE } from '../../../test/support/sample-ruleset.ts'
import { equalExpressions } from './compare.ts'
import type { NftElement, NftExpr, NftFamily, Nftables } from './types.ts'

let nftables: Nftables

useOwnNftables((opened) => {
  nftables = opened
})

const byKey = (a: NftElement, b: NftElement): number => (a.key < b.key ? -1 : 1)
const withoutCounts = (element: NftElement): object =>
  Object.fromEntries(Object.entries(element).filter(([field]) => field !== 'packets'))
const sorted = (elements: readonly NftElement[]): object[] => [...elements].sort(byKey).map(withoutCounts)

/** nft chooses registers of its own, and counts go on. */
const withoutRegisters = (expression: NftExpr): object =>
  Object.fromEntries(Object.entries(expression).filter(([field]) => !/reg$|^sregKey$|Reg$|packets|bytes/.test(field)))

/** A table as our dumps tell it, in an order of its own. */
async function read(family: NftFamily): Promise<object> {
  const sets = await nftables.sets(family, TABLE)
  const elements = await Promise.all(sets.map((set) => nftables.elements(family, TABLE, set)))
  return {
    chains: [...(await nftables.chains(family, TABLE))].sort((a, b) => (a.name < b.name ? -1 : 1)),
    rules: (await nftables.rules(family, TABLE)).map(({ chain, rule }) => ({
      chain,
      comment: rule.comment,
      // nft puts a conversion of one byte, which changes nothing, behind `meta l4proto` at the head of a concatenation.
      expressions: rule.expressions
        .filter((expression) => !('kernelName' in expression && expression.kernelName === 'byteorder'))
        .map(withoutRegisters),
    })),
    sets: sets
      .map((set, index) => ({ set, elements: sorted(elements[index] ?? []) }))
      .sort((a, b) => (a.set.name < b.set.name ? -1 : 1)),
    counters: (await nftables.counters(family, TABLE)).map(({ name, comment }) => ({ name, comment })),
  }
}

describe.each(['ip', 'ip6'] as const)('a %s table with everything', (family) => {
  const { operations, sets, rules } = sample(family)

  test('reads back as it was written', async () => {
    await nftables.transaction(operations)
    const dumped = await nftables.sets(family, TABLE)
    expect([...dumped].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      sets.map(({ set }) => set).sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
    for (const { set, elements } of sets) {
      const found = await nftables.elements(family, TABLE, set)
      expect({ set: set.name, elements: sorted(found) }).toEqual({ set: set.name, elements: sorted(elements) })
    }
    for (const chain of new Set(rules.map((rule) => rule.chain))) {
      const found = await nftables.rules(family, TABLE, chain)
      const wanted = rules.filter((rule) => rule.chain === chain)
      expect(found.map(({ rule }) => rule.comment)).toEqual(wanted.map(({ rule }) => rule.comment))
      for (const [index, { rule }] of wanted.entries())
        for (const [place, expression] of rule.expressions.entries()) {
          const there = found[index]?.rule.expressions[place]
          // Equal but for names of registers: else the two are shown.
          if (!there || !equalExpressions(expression, there)) expect(there).toEqual(expression)
        }
    }
  })

  test('lists in nft as the golden file says, and what nft lists loads to the same', async () => {
    await nftables.transaction(operations)
    const listing = nft('list', 'table', family, TABLE)
    await expect(withSortedElements(listing)).toMatchFileSnapshot(`golden/sample.${family}.nft`)
    const before = await read(family)
    nft('delete', 'table', family, TABLE)
    execFileSync('nft', ['-f', '-'], { input: listing })
    expect(await read(family)).toEqual(before)
  })
})

/** Hash order differs from run to run. */
const withSortedElements = (listing: string): string =>
  listing.replace(/elements = \{([^}]*)\}/g, (_, inside: string) => {
    const elements = inside.split(',').map((element) => element.trim())
    return `elements = { ${elements.sort().join(', ')} }`
  })

test('the golden files hold no slot that prints as another', () => {
  const listing = readFileSync(fileURLToPath(new URL('golden/sample.ip.nft', import.meta.url)), 'utf8')
  for (const slot of ['tcp . 80 . 0', 'tcp . 80 . 1', 'tcp . 80 . 2', 'tcp . 80 . 32768'])
    expect(listing).toContain(slot)
})
