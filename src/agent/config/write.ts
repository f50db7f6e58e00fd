import { stringify } from 'yaml'
import type { ProxyConfig } from './types.ts'

/** The KubeProxyConfiguration in force as YAML, every default written out (`--write-config-to`). */
export const configYaml = ({ document }: ProxyConfig): string => stringify(document)
