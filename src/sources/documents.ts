import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import type { InputProblem } from '../model/snapshot.ts'
import { formatPath, show, type Where } from './faults.ts'
import { isRaw, type Raw } from './fields.ts'
import { type JsonFault, type JsonValue, parseJson } from './json.ts'
import { parseYaml } from './yaml.ts'

/** One Kubernetes object of any kind, as it is written. Those in a `kind: List` come one by one. */
export interface SourceDocument {
  readonly value: unknown
  /** `web.yaml:12` for the object (empty path) or one of its fields */
  readonly where: Where
}

/** YAML takes about a second and 100 MB for each 1 MB; JSON a hundredth. */
export const yamlLimit = 2 << 20
export const jsonLimit = 256 << 20

/**
 * The documents of a file's content, in order; in place of what cannot be read stands a problem. JSON is known by its name
 * (`.json`) or its first character. Each document's positions live as long as its `where`.
 */
export function* documentsOf(content: Buffer, file: string): Generator<SourceDocument | InputProblem> {
  const fault = (message: string, line = 1, object = ''): InputProblem => ({
    where: `${file}:${line}`,
    object,
    field: '',
    message,
  })
  const notJson = ({ message, line }: JsonFault): InputProblem => fault(`is not JSON: ${message}`, line)
  if (content.length > jsonLimit) return yield fault(`is larger than ${jsonLimit >> 20} MiB: split it`)
  if (!isUtf8(content)) return yield fault('is not text in UTF-8: save it as UTF-8')
  const text = content.toString().replace(/^\uFEFF/, '')
  if (text.trim() === '') return

  const named = file.endsWith('.json')
  if (named || /^\s*[{[]/.test(text)) {
    const json = parseJson(text, (value) => listOf(value) !== null)
    if (json.ok) {
      const where: Where = (path) => `${file}:${json.lineOf(path)}`
      const items = json.items?.map((item) => (item.ok ? item : notJson(item)))
      return yield* unwrap(json.value, where, items)
    }
    if (named) return yield notJson(json)
  }
  if (text.length > yamlLimit)
    return yield fault(`is YAML larger than ${yamlLimit >> 20} MiB: split it, or write it as JSON`)
  const nul = text.indexOf('\0')
  if (nul >= 0) return yield fault('is not text: it has a NUL character', text.slice(0, nul).split('\n').length)
  for (const document of parseYaml(text)) {
    if (!document.ok) yield fault(`is not YAML that can be read: ${document.message}`, document.line)
    else yield* unwrap(document.value, (path) => `${file}:${document.lineOf(path)}`)
  }
}

/** A problem has a `message`, a document has none. */
export const isProblem = (read: SourceDocument | InputProblem): read is InputProblem => 'message' in read

/** The objects of a list, or the one that is none. `items` are given where they are not in the value. */
function* unwrap(
  value: unknown,
  where: Where,
  items?: Iterable<JsonValue | InputProblem>,
): Generator<SourceDocument | InputProblem> {
  const kind = listOf(value)
  if (kind === null) return yield { value, where }
  const list = value as Raw
  const within = list['items'] ?? []
  if (!Array.isArray(within))
    return yield {
      where: where(['items']),
      object: 'List',
      field: 'items',
      message: `must be a list, not ${show(within)}`,
    }
  let index = 0
  for (const item of items ?? within.map((value): JsonValue => ({ ok: true, value }))) {
    const path = ['items', index++]
    if ('message' in item) yield item
    else if (listOf(item.value) !== null)
      yield { where: where(path), object: 'List', field: formatPath(path), message: 'must not be a List itself' }
    else yield { value: inherit(item.value, list, kind), where: (inside) => where([...path, ...inside]) }
  }
}

/** In a ServiceList the items may leave out what the list says. */
const inherit = (item: unknown, { apiVersion }: Raw, kind: string): unknown =>
  kind !== '' && isRaw(item) && !('kind' in item) ? { apiVersion, kind, ...item } : item

/** The kind of a list's items: '' for a `List` of any, null where the value is no list. */
const listOf = (value: unknown): string | null => {
  if (!isRaw(value) || typeof value['kind'] !== 'string' || !value['kind'].endsWith('List')) return null
  if (value['kind'] === 'List') return ''
  const metadata = value['metadata']
  return Array.isArray(value['items']) && !(isRaw(metadata) && 'name' in metadata) ? value['kind'].slice(0, -4) : null
}

export interface Documents {
  readonly documents: readonly { readonly value: unknown; readonly line: number }[]
  readonly problems: readonly InputProblem[]
}

/** All objects in a file, whatever their kind. Rejects only when the file cannot be read at all. */
export const readDocuments = async (file: string): Promise<Documents> => {
  const documents: { value: unknown; line: number }[] = []
  const problems: InputProblem[] = []
  for (const read of documentsOf(await readFile(file), file)) {
    if (isProblem(read)) problems.push(read)
    else documents.push({ value: read.value, line: Number(read.where([]).slice(file.length + 1)) })
  }
  return { documents, problems }
}
