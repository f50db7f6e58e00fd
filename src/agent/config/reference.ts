import { featureGates } from './feature-gates.ts'
import type { Field, Fields, JsonSchema } from './field.ts'
import { type FieldFlag, fieldFlags, otherFlags } from './flags.ts'

/** Rows of docs/configuration.md: `field | type | default | what becomes of it`. */
export const fieldTable = (fields: Fields): string =>
  table(
    ['field', 'type', 'default', 'what becomes of it'],
    leaves(fields).map(([path, field]) => [`\`${path}\``, field.type, defaultOf(field), outcomeOf(field)]),
  )

export const flagTable = (): string =>
  table(
    ['flag', 'is'],
    [
      ...fieldFlags.map((flag) => [
        `\`${nameOf(flag.flag)}\``,
        `${fieldOf(flag)}${flag.wins ? '; wins over the file' : ''}`,
      ]),
      ...otherFlags.map(({ flag, about, noEffect }) => [
        `\`${nameOf(flag)}\``,
        noEffect === undefined ? about : `no effect: ${noEffect}`,
      ]),
    ].toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  )

export const gateTable = (): string =>
  table(
    ['gate', 'default', 'support', 'meaning'],
    featureGates.map(({ name, fallback, support, about }) => [`\`${name}\``, String(fallback), support, about]),
  )

/** A JSON Schema (draft 2020-12) of a document of this kind. Unknown fields are not allowed. */
export const jsonSchema = (
  kind: { readonly apiVersion: string; readonly kind: string },
  fields: Fields,
): JsonSchema => {
  const { properties, ...rest } = objectOf(fields)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `${kind.kind} ${kind.apiVersion}`,
    ...rest,
    required: ['apiVersion', 'kind'],
    properties: {
      ...(properties as object),
      apiVersion: { const: kind.apiVersion },
      kind: { const: kind.kind },
    },
  }
}

const objectOf = (fields: Fields): Record<string, unknown> => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      field.kind === 'section'
        ? { description: field.about, ...objectOf(field.fields), type: ['object', 'null'] }
        : { description: `${field.about}.${noEffectOf(field)} Default: ${plain(defaultOf(field))}`, ...field.schema },
    ]),
  ),
})

const noEffectOf = ({ support }: Field<unknown>): string =>
  support.is === 'no-effect' ? ` No effect: ${support.why}.` : ''

const leaves = (fields: Fields, prefix = ''): (readonly [string, Field<unknown>])[] =>
  Object.entries(fields).flatMap(([name, field]) =>
    field.kind === 'section' ? leaves(field.fields, `${prefix}${name}.`) : [[`${prefix}${name}`, field] as const],
  )

const defaultOf = (field: Field<unknown>): string => {
  if (field.otherwise !== undefined) return field.otherwise
  const value = field.print(field.fallback)
  return value === '' || JSON.stringify(value) === '[]' || JSON.stringify(value) === '{}' ? '–' : `\`${String(value)}\``
}

const outcomeOf = ({ support, about }: Field<unknown>): string =>
  support.is === 'honoured' ? `honoured: ${about}` : `refused with a warning: ${support.why} (${about})`

const fieldOf = ({ field }: FieldFlag): string =>
  typeof field === 'string' ? `\`${field}\`` : `\`${field('iptables')}\`, with mode nftables \`${field('nftables')}\``

const nameOf = (flag: string): string => (flag.length === 1 ? `-${flag}, --${flag}` : `--${flag}`)

const plain = (text: string): string => text.replaceAll('`', '')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
