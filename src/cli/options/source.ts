import type { ClientConnection } from '../../agent/config/types.ts'
import type { SourceChoice } from '../../agent/source.ts'

/** What `--source` (or the configuration) says. Throws where it says something else. */
export const sourceChoice = (source: string, client: ClientConnection): SourceChoice => {
  const { kubeconfig, context, master } = client
  if (source === 'kubernetes') return { kind: 'kubernetes', client: { kubeconfig, context, master } }
  const directory = directoryOf(source)
  if (directory !== null) return { kind: 'manifests', directory }
  throw new Error(`--source ${JSON.stringify(source)}: must be kubernetes or manifests:DIR`)
}

/** The directory of `--source manifests:DIR`. Throws for every other source. */
export const manifestsOf = (source: string): string => {
  const directory = directoryOf(source)
  if (directory !== null) return directory
  if (source === 'kubernetes')
    throw new Error('--source kubernetes: only `run` follows an API server; give manifests:DIR here')
  throw new Error(`--source ${JSON.stringify(source)}: must be manifests:DIR`)
}

const directoryOf = (source: string): string | null => /^manifests:(.+)$/s.exec(source)?.[1] ?? null
