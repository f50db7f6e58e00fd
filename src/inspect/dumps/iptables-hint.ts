import { basename } from 'node:path'
import type { SaveOptions } from '../../rules/iptables/index.ts'
import type { DumpPart } from './cutting/parts.ts'

/** What the command before a listing, or the name of its file (`ip6tables_-t_nat_-nvL`, `iptables-filter.txt`), says of its first table. */
export const hintOf = ({ heading, file }: DumpPart): SaveOptions => {
  const commands = heading.match(/\bip6?tables\b/g) ?? []
  if (commands.length > 1) return {}
  const [, six, saved, listed] = command.exec(heading) ?? []
  if (listed !== undefined) return { family: familyOf(six), ...tableOf(listed) }
  if (saved !== undefined) return { family: familyOf(six) }
  if (heading !== '') return {}
  const [, sixth, name] = /(?:^|[^a-z\d])ip(6?)tables(?![a-z])(.*)$/.exec(basename(file)) ?? []
  if (name === undefined) return {}
  const [, table] = /(?:^|[^a-z])(nat|filter|mangle|raw|security)(?![a-z])/.exec(name) ?? []
  return { family: familyOf(sixth), ...(table !== undefined && { table }) }
}

const command = /\bip(6?)tables(?:-legacy|-nft)?(?:-save\b(.*)|( (?:.* )?(?:-[a-z]*[LS][a-z]*|--list(?:-rules)?)\b.*))/

const familyOf = (six: string | undefined): 'ip' | 'ip6' => (six === '6' ? 'ip6' : 'ip')

/** Without `-t` it is filter; a variable in its place (`-t $table`) says nothing. */
const tableOf = (options: string): Pick<SaveOptions, 'table'> => {
  const [given, table] = / (?:-t|--table)[ =]?(\w+)?/.exec(options) ?? []
  if (given === undefined) return { table: 'filter' }
  return table === undefined ? {} : { table }
}
