import { spawnSync } from 'node:child_process'

/** A table of the test's own, that counts what leaves a namespace, by destination: after every translation. */
export interface Probe {
  /** packets to each address watched, in their order */
  read(): readonly number[]
}

/** IPv4. The table lives as long as the namespace. */
export const watchDestinations = (namespace: string, addresses: readonly string[]): Probe => {
  const rules = addresses.map((address) => `ip daddr ${address} counter`)
  nft(namespace, [
    'table ip probe {',
    ' chain leaving { type filter hook postrouting priority 300; policy accept;',
    ...rules,
    ' }',
    '}',
  ])
  return {
    read() {
      const listing = nft(namespace, ['list chain ip probe leaving'])
      return addresses.map((address) =>
        Number(new RegExp(`ip daddr ${address.replaceAll('.', '\\.')} counter packets (\\d+)`).exec(listing)?.[1]),
      )
    },
  }
}

export const nft = (namespace: string, lines: readonly string[]): string => {
  const { status, stdout, stderr, error } = spawnSync('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], {
    input: lines.join('\n'),
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (error || status !== 0) throw new Error(`nft: ${error?.message ?? stderr}`)
  return stdout
}
