import { readFile } from 'node:fs/promises'
import type { InputProblem } from '../../model/snapshot.ts'
import { Faults } from '../../sources/faults.ts'
import { checkFields } from './check.ts'
import { type ConfigDocument, readConfigDocuments } from './documents.ts'
import { evenkeelFields } from './evenkeel-fields.ts'
import { readValues } from './field.ts'
import type { FlagValues } from './flags.ts'
import { readKubeProxy } from './kube-proxy.ts'
import { type EvenkeelValues, type OwnFlags, resolveConfig } from './resolve.ts'
import { serverFlags } from './server-flags.ts'
import type { ProxyConfig } from './types.ts'

export type * from './types.ts'

/** What the command line says. */
export interface ConfigFlags extends OwnFlags {
  /** `--plane`: nftables, iptables and ipvs decide instead of `mode` which section counts */
  readonly plane?: string | undefined
  /** flags of kube-proxy by name, without the dashes: with a KubeProxyConfiguration most of them do not count */
  readonly kubeProxy?: FlagValues
}

export interface LoadedConfig {
  /** not to be used when there are problems */
  readonly config: ProxyConfig
  readonly problems: readonly InputProblem[]
  /** fields and flags of which nothing comes, each with the reason */
  readonly warnings: readonly InputProblem[]
}

/**
 * A KubeProxyConfiguration (YAML or JSON) as it stands, with an EvenkeelConfiguration beside it if the file has one.
 * Rejects when the file cannot be read.
 */
export const loadConfig = async (file: string | undefined, flags: ConfigFlags): Promise<LoadedConfig> =>
  file === undefined ? parseConfig(Buffer.alloc(0), 'flags', flags) : parseConfig(await readFile(file), file, flags)

/** Never throws. */
export const parseConfig = (content: Buffer, file: string, flags: ConfigFlags): LoadedConfig => {
  const { documents, problems } = readConfigDocuments(content, file)
  const own = readOwn(documents.get('EvenkeelConfiguration') ?? null)
  const document = documents.get('KubeProxyConfiguration') ?? null
  const servers = serverFlags(flags.kubeProxy ?? {}, document !== null)
  const plane = flags.plane ?? (own.values.plane || null)
  const reading = readKubeProxy(document, servers.flags, plane, file)
  return {
    config: resolveConfig(reading, own.values, { ...flags, ...servers }),
    problems: [...problems, ...own.problems, ...reading.problems, ...servers.problems],
    warnings: [...own.warnings, ...reading.warnings, ...servers.warnings],
  }
}

const readOwn = (
  document: ConfigDocument | null,
): { values: EvenkeelValues; problems: InputProblem[]; warnings: InputProblem[] } => {
  const faults = new Faults()
  const warned = new Faults()
  const raw = document?.raw ?? {}
  const values = readValues(raw, evenkeelFields, faults)
  checkFields(raw, evenkeelFields, { unknown: faults, ignored: warned })
  const where = document?.where ?? (() => '')
  return {
    values,
    problems: faults.problems('EvenkeelConfiguration', where),
    warnings: warned.problems('EvenkeelConfiguration', where),
  }
}
