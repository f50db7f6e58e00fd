import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `node sbom.ts DIRECTORY [LIBRARY…]` prints the bill of materials (CycloneDX 1.5) of the package installed in DIRECTORY without what is
 * only for development, of Node itself, and of the Debian packages that the libraries come from. Equal input gives equal output:
 * no random serial number, and the time is SOURCE_DATE_EPOCH (left out where that is not set).
 */
interface Component {
  readonly 'bom-ref': string
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl?: string
  readonly cpe?: string
  readonly hashes?: readonly unknown[]
  readonly licenses?: readonly unknown[]
}

interface Dependency {
  readonly ref: string
  readonly dependsOn: readonly string[]
}

interface Bom {
  readonly metadata: { readonly component: Component; readonly lifecycles?: unknown }
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
  readonly [field: string]: unknown
}

const [, , directory = '.', ...libraries] = process.argv

const npmBom = (): Bom => {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev']
  const text = execFileSync('npm', args, {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(text) as Bom
}

/** Vulnerability lists know Node by this name, not by the npm package that brings it. */
const nodes = (components: readonly Component[]): readonly Component[] =>
  [...new Set(components.filter(({ name }) => name.startsWith('node-linux-')).map(({ version }) => version))].map(
    (version) => ({
      'bom-ref': `node@${version}`,
      type: 'platform',
      name: 'node',
      version,
      purl: `pkg:generic/node@${version}`,
      cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
      licenses: [{ license: { id: 'MIT' } }],
    }),
  )

const debian = (): readonly Component[] => {
  const query = (args: readonly string[]): string => execFileSync('dpkg-query', args, { encoding: 'utf8' }).trim()
  const packages = new Set(libraries.map((path) => ownerOf(path, query)))
  return [...packages].map((name) => {
    const [version = '', arch = ''] = query(['-W', '-f', '${Version} ${Architecture}', name]).split(' ')
    const short = name.split(':')[0] ?? name
    return {
      'bom-ref': `deb/${short}@${version}`,
      type: 'library',
      name: short,
      version,
      purl: `pkg:deb/debian/${short}@${encodeURIComponent(version)}?arch=${arch}`,
    }
  })
}

/** dpkg knows a file by the name it was packed with, which differs where /lib is a link to /usr/lib. */
const ownerOf = (path: string, query: (args: readonly string[]) => string): string => {
  const names = [path, realpathSync(path)].flatMap((name) => [name, name.replace(/^\/usr/, ''), `/usr${name}`])
  for (const name of names) {
    try {
      const [owner] = query(['-S', name]).split(': ')
      if (owner) return owner.split(',')[0]?.trim() ?? owner
    } catch {} // not under this name
  }
  throw new Error(`no Debian package owns ${path}`)
}

const byRef = (a: Component, b: Component): number => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)

const main = (): void => {
  const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Component
  const bom = npmBom()
  const { serialNumber: _, metadata, components, dependencies, ...rest } = bom as Bom & { serialNumber?: string }
  const epoch = process.env['SOURCE_DATE_EPOCH']
  const all = [...components, ...nodes(components), ...debian()].sort(byRef)
  const component = { ...metadata.component, type: 'application', name, version }
  const timestamp = epoch === undefined ? {} : { timestamp: new Date(Number(epoch) * 1000).toISOString() }
  const sorted = dependencies.toSorted((a, b) => (a.ref < b.ref ? -1 : 1))
  const answer = {
    ...rest,
    metadata: { ...timestamp, lifecycles: metadata.lifecycles, component },
    components: all,
    dependencies: sorted,
  }
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
}

main()
