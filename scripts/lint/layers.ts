/** The folders of src/ in order: a file imports only from its own layer and from those that stand before it. */
const layers = [
  'util',
  'model',
  'scheduling',
  'routing',
  'sources',
  'kernel',
  'rules',
  'dataplane',
  'inspect',
  'simulate',
  'lab',
  'agent',
  'cli',
] as const

const pureLayers = new Set(['model', 'scheduling', 'routing', 'rules'])
const pureModules = new Set(['node:assert', 'node:assert/strict', 'node:buffer', 'node:crypto', 'node:util'])

/** Folders of src/dataplane that serve every plane; each other one is a plane. */
const sharedByPlanes = new Set(['reconciler', 'ledger', 'conformance'])

/** Packages and Node modules with few owners: who may import them, and why nobody else. */
const owners = [
  {
    module: /^koffi$/,
    allowed: /^(src\/kernel|test)\//,
    why: 'only src/kernel talks to the kernel and to libc; ask it for a function of its own',
  },
  {
    module: /^node:child_process$/,
    allowed:
      /^(src\/kernel\/exec|src\/sources\/kubernetes\/exec-plugin|src\/lab\/|bench\/|scripts\/|test\/)|\.test\.ts$/,
    why: 'processes are started by src/kernel/exec (and by src/lab, bench and credential plugins) only, so that every one has a deadline and an error that names it',
  },
  {
    module: /^commander$/,
    allowed: /^src\/cli\//,
    why: 'flags are parsed in src/cli; hand plain options to the other layers',
  },
] as const

/** Pure files compute from their arguments alone: no I/O, clock or randomness. */
export function isPure(file: string): boolean {
  if (isTest(file)) return false
  const { layer, plane } = place(file)
  return pureLayers.has(layer) || (plane !== undefined && /\/(compile|trace)(-[^/]*)?\.ts$/.test(file))
}

/**
 * Why `file` may not import `specifier`, or undefined where it may.
 * Both paths are relative to the project's root with forward slashes; specifiers are as written in the source.
 */
export function whyNot(file: string, specifier: string): string | undefined {
  const owner = owners.find(({ module }) => module.test(specifier))
  if (owner !== undefined && !owner.allowed.test(file)) return `${specifier}: ${owner.why}.`
  if (!file.startsWith('src/') || isTest(file)) return undefined

  if (specifier.startsWith('.')) return whyNotSource(file, resolve(file, specifier))
  if (specifier.startsWith('node:') && isPure(file) && !pureModules.has(specifier))
    return `${specifier}: this file is pure (no I/O, clock or randomness); take what it needs as an argument.`
  return undefined
}

function whyNotSource(file: string, target: string): string | undefined {
  const from = place(file)
  const to = place(target)
  if (!target.startsWith('src/')) return `${target}: sources import only sources; tests and benchmarks stand outside.`
  if (isTest(target)) return `${target}: sources do not import tests.`
  if (order(to.layer) > order(from.layer))
    return `${to.layer} stands after ${from.layer}: dependencies point from effects to pure data, never back (layers: ${layers.join(' < ')}).`
  if (from.layer !== 'dataplane' || to.plane === undefined || to.plane === from.plane) return undefined
  if (from.plane !== undefined)
    return `the ${from.plane} plane does not import the ${to.plane} plane: move what they share to src/dataplane or src/rules.`
  if (file !== 'src/dataplane/registry.ts')
    return `only src/dataplane/registry.ts knows the planes, so that a new one costs a folder and a line.`
  return undefined
}

function place(path: string): { layer: string; plane: string | undefined } {
  const [, layer = '', ...rest] = path.split('/')
  const [folder = '', ...inside] = rest
  const isPlane = layer === 'dataplane' && inside.length > 0 && !sharedByPlanes.has(folder)
  return { layer, plane: isPlane ? folder : undefined }
}

function order(layer: string): number {
  return layers.findIndex((name) => name === layer)
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts')
}

function resolve(file: string, specifier: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
