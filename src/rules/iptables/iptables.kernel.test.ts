import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseIpsets } from '../../inspect/dumps/ipset/ipset.ts'
import { enterOwnNetwork } from '../../../test/support/private-network.ts'
import { printRule } from '../print.ts'
import type { Table } from '../model.ts'
import { normalRule, parseListing, parseSave, tablesOf } from './index.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
const run = (command: string, args: readonly string[] = [], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'], timeout: 20_000 })

const written = (family: string): string => readFileSync(new URL(`golden/written.${family}`, import.meta.url), 'utf8')

const rules = (tables: readonly Table[]): readonly string[] =>
  tables
    .flatMap(({ family, name, chains }) =>
      Array.from(chains.values()).flatMap((chain) =>
        chain.rules.map(({ statements }) => `${name} ${chain.name} ${printRule({ statements }, family)}`),
      ),
    )
    .toSorted()

const normal = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.includes('-A '))
    .map((line) => `${/-A (\S+)/.exec(line)?.[1]} ${normalRule(line)}`)
    .toSorted()

beforeAll(async () => {
  await enterOwnNetwork()
})

describe.each(['legacy', 'nft'])('%s', (backEnd) => {
  describe.each(['ip', 'ip6'])('%s', (family) => {
    const command = `${family}tables-${backEnd}`

    test('what was written is read back, from iptables-save and from iptables -nvL', () => {
      run(`${command}-restore`, [], written(family))
      const save = run(`${command}-save`, ['-c'])
      expect(normal(save)).toEqual(normal(written(family)))
      const saved = parseSave(save, 'save')
      expect(saved.problems).toEqual([])
      expect(saved.tables.every((table) => table.family === family && table.backEnd === backEnd)).toBe(true)
      const names = saved.tables.map(({ name }) => name)
      const listing = names.map((name) => run(command, ['-t', name, '-nvL', '--line-numbers'])).join('')
      const listed = parseListing(listing, 'list')
      expect(listed.problems).toEqual([])
      const shown = rules(tablesOf(listed))
      const missing = rules(tablesOf(saved)).filter((rule) => !shown.includes(rule))
      // what a listing does not show (rule.test.ts names them)
      expect(missing).toHaveLength(family === 'ip' ? 4 : 0)
    })

    test('a normal rule is taken by iptables-restore and saved as the same', () => {
      const before = run(`${command}-save`, ['-t', 'filter'])
      const again = before
        .split('\n')
        .map((line) => (line.startsWith('-A ') ? `-A ${line.split(' ')[1]} ${normalRule(line)}` : line))
        .join('\n')
      run(`${command}-restore`, [], again)
      expect(normal(run(`${command}-save`, ['-t', 'filter']))).toEqual(normal(before))
    })
  })
})

test('rules with ipsets', (context) => {
  try {
    run(
      'ipset',
      ['restore'],
      'create S hash:ip,port\nadd S 10.96.0.1,tcp:80\ncreate N hash:net\nadd N 10.0.0.0/8\nadd N 10.1.0.0/16 nomatch\n',
    )
  } catch {
    context.skip(true, 'kernel or host has no ipset')
  }
  for (const form of ['list', 'save']) {
    const { sets, problems } = parseIpsets(run('ipset', [form]), form)
    expect(problems).toEqual([])
    expect(sets.get('N')?.get('\x0a\x02\0\0')).toEqual({ to: 'member' })
    expect(sets.get('N')?.get('\x0a\x01\0\0')).toBeUndefined()
  }
  run('iptables-legacy', ['-t', 'nat', '-A', 'PREROUTING', '-m', 'set', '--match-set', 'S', 'dst,dst', '-j', 'ACCEPT'])
  const { sets } = parseIpsets(run('ipset', ['list']), 'ipset')
  const tables = tablesOf(parseSave(run('iptables-legacy-save', ['-t', 'nat']), 'save'), sets)
  expect(rules(tables)).toContain('nat PREROUTING ip daddr . meta l4proto . th dport @S accept')
})
