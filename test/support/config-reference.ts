import { fileURLToPath } from 'node:url'
import { evenkeelKind, kubeProxyKind } from '../../src/agent/config/documents.ts'
import { evenkeelFields } from '../../src/agent/config/evenkeel-fields.ts'
import { kubeProxyFields } from '../../src/agent/config/kube-proxy-fields.ts'
import { fieldTable, flagTable, gateTable, jsonSchema } from '../../src/agent/config/reference.ts'
import { policyTable, scenarioSchema, scenarioTable } from '../../src/simulate/file/reference.ts'
import { readyTable } from '../../src/simulate/ready/index.ts'

/** A file of docs/ that is made, in whole or in part, from the fields of the configuration or of a scenario. */
export interface ConfigurationFile {
  readonly file: string
  /** what the file must be, given what it is */
  readonly render: (current: string) => string
}

type Tables = Readonly<Record<string, () => string>>

const configurationTables: Tables = {
  KubeProxyConfiguration: () => fieldTable(kubeProxyFields),
  EvenkeelConfiguration: () => fieldTable(evenkeelFields),
  flags: flagTable,
  gates: gateTable,
}

const scenarioTables: Tables = { ready: readyTable, scenario: scenarioTable, policy: policyTable }

/** Each table stands between `<!-- its name -->` and the next `<!-- end -->`. Throws where it has no place: it would be missed by nobody. */
const withTables =
  (tables: Tables) =>
  (current: string): string =>
    Object.entries(tables).reduce((text, [name, table]) => {
      const begin = text.indexOf(`<!-- ${name} -->\n`)
      const end = text.indexOf('<!-- end -->', begin)
      if (begin < 0 || end < 0) throw new Error(`there is no <!-- ${name} --> … <!-- end --> for its table`)
      return `${text.slice(0, begin)}<!-- ${name} -->\n${table()}\n${text.slice(end)}`
    }, current)

const at = (path: string): string => fileURLToPath(new URL(`../../docs/${path}`, import.meta.url))

/** As the formatter of this repository has it: lists that fit stand on one line. */
const schema = (of: object) => (): string =>
  `${JSON.stringify(of, null, 2).replaceAll(
    /^(.*)\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\](,?)$/gm,
    (whole: string, before: string, items: string, comma: string) => {
      const line = `${before}[${items.replaceAll(/,\s+/g, ', ')}]${comma}`
      return line.length <= 120 ? line : whole
    },
  )}\n`

export const configurationFiles: readonly ConfigurationFile[] = [
  { file: at('configuration.md'), render: withTables(configurationTables) },
  { file: at('simulate.md'), render: withTables(scenarioTables) },
  { file: at('schema/scenario.v1alpha1.json'), render: schema(scenarioSchema()) },
  {
    file: at('schema/kubeproxyconfiguration.v1alpha1.json'),
    render: schema(jsonSchema(kubeProxyKind, kubeProxyFields)),
  },
  {
    file: at('schema/evenkeelconfiguration.v1alpha1.json'),
    render: schema(jsonSchema(evenkeelKind, evenkeelFields)),
  },
]
