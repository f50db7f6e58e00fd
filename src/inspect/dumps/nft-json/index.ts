import { type OpenTable, RulesetBuilder } from '../nft-rules/builder.ts'
import { hookOf } from '../nft-rules/hooks.ts'
import { printRuleSyntax } from '../nft-rules/print.ts'
import type { NftRuleset } from '../nft-rules/ruleset.ts'
import type { SetSyntax, TypeSyntax } from '../nft-rules/syntax.ts'
import type { TableBuilder } from '../nft-rules/table.ts'
import { readElements, readExpression } from './expressions.ts'
import { readObjects } from './objects.ts'
import { readStatement } from './statements.ts'
import { asArray, asNames, asNumber, asString, asObject, type JsonObject, only } from './values.ts'

/**
 * `nft -j list ruleset` or `nft -j list table` (libnftables-json(5)). Rules have handles, no lines. A listing that is cut or spoiled is
 * read up to there, with a problem that names the line.
 * @param firstLine of `text` in the file, for problems
 */
export const readNftJson = (text: string, file: string, firstLine = 1): NftRuleset => {
  const { objects, broken } = readObjects(text)
  const reader = new JsonReader(file)
  for (const object of objects) reader.read(object)
  if (broken !== undefined)
    reader.ruleset.problem({ file, line: firstLine + broken.line - 1, text: broken.text, doubt: true })
  return reader.finish()
}

class JsonReader {
  readonly ruleset: RulesetBuilder
  readonly #file: string
  readonly #tables = new Map<string, OpenTable>()

  constructor(file: string) {
    this.#file = file
    this.ruleset = new RulesetBuilder(file)
  }

  finish(): NftRuleset {
    for (const table of this.#tables.values()) this.ruleset.add(table)
    return this.ruleset.finish()
  }

  read(json: JsonObject): void {
    const [kind = '', content] = only(json) ?? []
    const object = asObject(content)
    if (object === undefined || kind === 'metainfo') return
    const name = asString(object['name']) ?? ''
    const family = asString(object['family'])
    const table = kind === 'table' ? name : asString(object['table'])
    if (family === undefined || table === undefined) {
      this.ruleset.problem({ file: this.#file, text: `a ${kind || 'thing'} without family or table`, doubt: true })
      return
    }
    const { builder } = this.#table(family, table)
    switch (kind) {
      case 'table':
        builder.dormant = asNames(object['flags']).includes('dormant')
        return
      case 'chain':
        return addChain(builder, name, object)
      case 'rule':
        return addRule(builder, object)
      case 'set':
      case 'map':
        return this.#addSet(builder, name, kind === 'map', object)
      case 'limit':
      case 'quota':
        return builder.addBounded(`${kind} ${name}`, object['inv'] === true)
      default:
        // counters, helpers, flow tables: they decide nothing
        return
    }
  }

  #table(family: string, name: string): OpenTable {
    const key = `${family} ${name}`
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const made = this.ruleset.table(family, name, undefined, false)
    this.#tables.set(key, made)
    return made
  }

  #addSet(builder: TableBuilder, name: string, isMap: boolean, object: JsonObject): void {
    const elements = readElements(object['elem'])
    const set: SetSyntax = {
      name,
      isMap,
      key: typesOf(object['type']),
      ...dataOf(object['map']),
      flags: asNames(object['flags']),
      elements: elements ?? [],
    }
    builder.addSet(set, undefined)
    if (elements === undefined)
      this.ruleset.problem({ file: this.#file, text: `set ${name}: elements not understood`, doubt: true })
  }
}

const addChain = (builder: TableBuilder, name: string, object: JsonObject): void => {
  const [type, hook, priority] = [asString(object['type']), asString(object['hook']), asNumber(object['prio'])]
  const isBase = type !== undefined && hook !== undefined && priority !== undefined
  const policy = asString(object['policy']) ?? 'accept'
  builder.addChain(name, isBase ? hookOf(type, hook, priority, policy) : undefined, undefined)
}

const addRule = (builder: TableBuilder, object: JsonObject): void => {
  const statements = (asArray(object['expr']) ?? []).map(readStatement)
  const [comment, handle] = [asString(object['comment']), asNumber(object['handle'])]
  builder.addRule(builder.addChain(asString(object['chain']) ?? '', undefined, undefined), {
    statements,
    text: printRuleSyntax(statements, comment),
    ...(comment === undefined ? {} : { comment }),
    ...(handle === undefined ? {} : { handle }),
  })
}

/** `"ipv4_addr"`, `["ipv4_addr", "inet_service"]`, `"ipv4_addr . inet_service"`, of newer nft also `{"typeof": …}`. */
const typesOf = (json: unknown): readonly TypeSyntax[] => {
  if (typeof json === 'string') return json.split(' . ').map((type) => ({ type }))
  const list = asArray(json)
  if (list !== undefined) return list.flatMap(typesOf)
  const [kind, value] = only(json) ?? []
  const of = kind === 'typeof' ? readExpression(value) : undefined
  if (of === undefined) return []
  return (of.kind === 'concatenation' ? of.parts : [of]).map((part) => ({ of: part }))
}

const dataOf = (json: unknown): Pick<SetSyntax, 'data'> => {
  if (json === undefined) return {}
  return { data: json === 'verdict' ? json : typesOf(json) }
}
