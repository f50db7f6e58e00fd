import { join } from 'node:path'
import type { Faults } from '../faults.ts'
import { inMap, isRaw, type Raw, readBoolean, readItems, readMaps, readOneOf, readString } from '../fields.ts'

/** A program that gives credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** what to do where the command is missing; '' nothing is said */
  readonly installHint: string
  readonly provideClusterInfo: boolean
}

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const

/** `exec` of a kubeconfig's user; null where it has none. A command with a slash is relative to the kubeconfig. */
export const readExec = (user: Raw, directory: string, faults: Faults): ExecPlugin | null => {
  if (!isRaw(user['exec'])) return null
  return inMap(user, 'exec', faults, (raw) => {
    const command = readString(raw, 'command', faults)
    if (command === '') faults.add('command', 'is required: the program that gives the credentials')
    if (raw['interactiveMode'] === 'Always')
      faults.add('interactiveMode', 'Always: nobody is there to answer; use a plugin that needs no terminal')
    const env: Record<string, string> = {}
    for (const { name, value } of readMaps(raw, 'env', faults, 'this variable', (entry) => ({
      name: readString(entry, 'name', faults),
      value: readString(entry, 'value', faults),
    })))
      env[name] = value
    return {
      apiVersion: readOneOf(raw, 'apiVersion', faults, versions),
      command: command.includes('/') && !command.startsWith('/') ? join(directory, command) : command,
      args: readItems(raw, 'args', faults).map(String),
      env,
      installHint: readString(raw, 'installHint', faults),
      provideClusterInfo: readBoolean(raw, 'provideClusterInfo', faults, false),
    }
  })
}
