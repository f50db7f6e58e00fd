import type { InputProblem } from '../../model/snapshot.ts'
import { documentsOf, isProblem } from '../../sources/documents.ts'
import { show, type Where } from '../../sources/faults.ts'
import { isRaw, type Raw } from '../../sources/fields.ts'

export const kubeProxyKind = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' } as const
export const evenkeelKind = { apiVersion: 'evenkeel.io/v1alpha1', kind: 'EvenkeelConfiguration' } as const

export type ConfigKind = (typeof kinds)[number]['kind']

export interface ConfigDocument {
  readonly raw: Raw
  readonly where: Where
}

const kinds = [kubeProxyKind, evenkeelKind] as const

export interface ConfigDocuments {
  readonly documents: ReadonlyMap<ConfigKind, ConfigDocument>
  readonly problems: InputProblem[]
}

/** Takes a configuration file apart: one document of each kind at most. Never throws. */
export const readConfigDocuments = (content: Buffer, file: string): ConfigDocuments => {
  const documents = new Map<ConfigKind, ConfigDocument>()
  const problems: InputProblem[] = []
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
  }
  for (const document of documentsOf(content, file)) {
    if (isProblem(document)) problems.push(document)
    else read(document.value, document.where)
  }
  return { documents, problems }
}
