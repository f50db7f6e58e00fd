import type { InputProblem } from '../model/snapshot.ts'
import { documentsOf, isProblem } from '../sources/documents.ts'
import { Faults, show, type Where } from '../sources/faults.ts'
import { isRaw, type Raw } from '../sources/fields.ts'
import { type ConfigSchema, evenkeelSchema, kubeProxySchema } from './config-schema.ts'

export interface ConfigDocument {
  readonly raw: Raw
  readonly where: Where
}

export interface ConfigDocuments {
  /** by kind */
  readonly documents: ReadonlyMap<string, ConfigDocument>
  readonly problems: InputProblem[]
  readonly warnings: InputProblem[]
}

const kinds = [
  { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', schema: kubeProxySchema },
  { apiVersion: 'evenkeel.io/v1alpha1', kind: 'EvenkeelConfiguration', schema: evenkeelSchema },
] as const

/** Takes a configuration file apart and names every field that is unknown (a problem) or not honoured (a warning). */
export const readConfigDocuments = (content: Buffer, file: string): ConfigDocuments => {
  const documents = new Map<string, ConfigDocument>()
  const problems: InputProblem[] = []
  const warnings: InputProblem[] = []
  const read = (raw: unknown, where: Where): void => {
    const refuse = (message: string): void => void problems.push({ where: where([]), object: '', field: '', message })
    if (!isRaw(raw)) return refuse(`must be a map with apiVersion and kind, not ${show(raw)}`)
    const known = kinds.find(({ apiVersion, kind }) => raw['apiVersion'] === apiVersion && raw['kind'] === kind)
    if (known === undefined)
      return refuse(
        `must be ${kinds.map(({ apiVersion, kind }) => `${kind} ${apiVersion}`).join(' or ')}, not ${show(raw['kind'])} ${show(raw['apiVersion'])}`,
      )
    if (documents.has(known.kind)) return refuse(`is a second ${known.kind}`)
    documents.set(known.kind, { raw, where })
    const unknown = new Faults()
    const ignored = new Faults()
    checkFields(raw, known.schema, unknown, ignored)
    problems.push(...unknown.problems(known.kind, where))
    warnings.push(...ignored.problems(known.kind, where))
  }
  for (const document of documentsOf(content, file)) {
    if (isProblem(document)) problems.push(document)
    else read(document.value, document.where)
  }
  return { documents, problems, warnings }
}

const checkFields = (raw: Raw, schema: ConfigSchema, unknown: Faults, ignored: Faults): void => {
  for (const [key, value] of Object.entries(raw)) {
    const known = Object.hasOwn(schema, key) ? schema[key] : undefined
    if (known === undefined) unknown.add(key, 'is not a field of this configuration')
    else if (typeof known === 'string') {
      if (!isUnset(value)) ignored.add(key, `has no effect: ${known}`)
    } else if (known !== null && isRaw(value)) {
      const before = [unknown.length, ignored.length] as const
      checkFields(value, known, unknown, ignored)
      unknown.nest(before[0], key)
      ignored.nest(before[1], key)
    }
  }
}

/** As configurations are generated, with every field at Go's zero value. */
const isUnset = (value: unknown, depth = 0): boolean => {
  if (value === null || value === '' || value === 0 || value === false || value === '0s') return true
  if (typeof value !== 'object' || depth > 8) return false
  return Object.values(value).every((inside) => isUnset(inside, depth + 1))
}
