import type { ChainRemoval, ChainRule, ChainTable } from './chains.ts'

/** The tables of what iptables-save prints. A rule's id is its text after `-A`. */
export const parseSave = (text: string): readonly ChainTable[] => {
  const tables: { table: string; userChains: string[]; rules: ChainRule[] }[] = []
  for (const line of text.split('\n')) {
    const current = tables.at(-1)
    if (line.startsWith('*')) tables.push({ table: line.slice(1).trim(), userChains: [], rules: [] })
    else if (current === undefined) continue
    else if (line.startsWith(':')) {
      // `:NAME POLICY [packets:bytes]`: chains that somebody made have no policy
      const [name = '', policy] = line.slice(1).split(' ')
      if (policy === '-') current.userChains.push(name)
    } else if (line.startsWith('-A ')) current.rules.push(parseRule(line.slice(3)))
  }
  return tables
}

const parseRule = (id: string): ChainRule => {
  const [chain = ''] = id.split(' ', 1)
  // quoted comments may hold anything, also ` -j `
  const bare = id.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  return { chain, to: / -[jg] (\S+)/.exec(bare)?.[1] ?? null, id }
}

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
