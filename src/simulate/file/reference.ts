import { scenarioKind, scenarioShape } from './fields.ts'
import { policyFields } from './policy-fields.ts'
import { timeDefinitions } from './time.ts'
import type { FieldMap, JsonSchema } from './shape.ts'

/** The JSON Schema (draft 2020-12) of a scenario. */
export const scenarioSchema = (): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `${scenarioKind.kind} ${scenarioKind.apiVersion}`,
  ...scenarioShape.schema,
  $defs: timeDefinitions,
})

/** Rows of docs/simulate.md: `field | type | default | meaning`. */
export const scenarioTable = (): string => table(rows(scenarioShape.fields ?? {}))

export const policyTable = (): string => table(rows(policyFields))

/** what has a table of its own, or stands above already */
const told = ['policy', 'compare', 'pod']

const rows = (fields: FieldMap, prefix = ''): readonly (readonly string[])[] =>
  Object.entries(fields).flatMap(([key, { shape, about, otherwise, needed }]) => [
    [`\`${prefix}${key}\``, shape.short ?? shape.means, needed ? 'needed' : otherwise, about],
    ...(told.includes(key) || isTime(shape.fields) ? [] : rows(shape.fields ?? {}, `${prefix}${key}.`)),
  ])

const isTime = (fields: FieldMap | undefined): boolean => fields !== undefined && 'exponential' in fields

const table = (given: readonly (readonly string[])[]): string =>
  [['field', 'is', 'default', 'meaning'], ['---', '---', '---', '---'], ...given]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
