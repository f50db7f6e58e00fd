import { fileURLToPath } from 'node:url'
import { evenkeelKind, kubeProxyKind } from '../../src/agent/config/documents.ts'
import { evenkeelFields } from '../../src/agent/config/evenkeel-fields.ts'
import { kubeProxyFields } from '../../src/agent/config/kube-proxy-fields.ts'
import { fieldTable, flagTable, gateTable, jsonSchema } from '../../src/agent/config/reference.ts'

/** A file of docs/ that is made, in whole or in part, from the fields of the configuration. */
export interface ConfigurationFile {
  readonly file: string
  /** what the file must be, given what it is */
  readonly render: (current: string) => string
}

const tables: Readonly<Record<string, () => string>> = {
  KubeProxyConfiguration: () => fieldTable(kubeProxyFields),
  EvenkeelConfiguration: () => fieldTable(evenkeelFields),
  flags: flagTable,
  gates: gateTable,
}

const at = (path: string): string => fileURLToPath(new URL(`../../docs/${path}`, import.meta.url))

/** As the formatter of this repository has it: short lists on one line. */
const schema = (of: object) => (): string =>
  `${JSON.stringify(of, null, 2).replaceAll(/\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\]/g, (_, items: string) => `[${items.replaceAll(/,\s+/g, ', ')}]`)}\n`

export const configurationFiles: readonly ConfigurationFile[] = [
  {
    file: at('configuration.md'),
    render: (current) =>
      Object.entries(tables).reduce(
        (text, [name, table]) =>
          text.replace(
            new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- end -->)`),
            (_, begin: string, end: string) => `${begin}${table()}${end}`,
          ),
        current,
      ),
  },
  {
    file: at('schema/kubeproxyconfiguration.v1alpha1.json'),
    render: schema(jsonSchema(kubeProxyKind, kubeProxyFields)),
  },
  {
    file: at('schema/evenkeelconfiguration.v1alpha1.json'),
    render: schema(jsonSchema(evenkeelKind, evenkeelFields)),
  },
]
