import { glance, parseSave as readSave } from '../../rules/iptables/index.ts'
import type { ChainRemoval, ChainTable } from './chains.ts'

/** The tables of what iptables-save prints. A rule's id is its text after `-A`. */
export const parseSave = (text: string): readonly ChainTable[] =>
  readSave(text, 'iptables-save').tables.map(({ name, chains }) => ({
    table: name,
    userChains: [...chains.values()].filter(({ policy }) => policy === null).map((chain) => chain.name),
    rules: [...chains.values()].flatMap(({ lines }) =>
      lines.map(({ text: rule }) => {
        const { chain, target } = glance(rule)
        return { chain, to: target === '' ? null : target, id: rule.slice('-A '.length) }
      }),
    ),
  }))

/**
 * Commands for iptables-restore --noflush: one commit for the table, so that it is done as a whole or not at all.
 * A declared chain is emptied; empty ones can be deleted in any order.
 */
export const restoreCommands = ({ table, jumps, chains }: ChainRemoval): string =>
  [
    `*${table}`,
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...jumps.map(({ id }) => `-D ${id}`),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n')
