import { relative } from 'node:path'
import { isPure, whyNot } from './layers.ts'

/** The rules of this project's architecture for oxlint (`evenkeel/layers`, `evenkeel/pure`); layers.ts holds the reasons. */

type Node = { readonly [key: string]: unknown }
interface Context {
  readonly filename: string
  readonly cwd: string
  report(problem: { readonly message: string; readonly node: Node }): void
}
type Visitor = Record<string, (node: Node) => void>

const layersRule = {
  create(context: Context): Visitor {
    const file = pathOf(context)
    const check = (node: Node): void => {
      const specifier = (node['source'] as Node | null)?.['value']
      const message = typeof specifier === 'string' ? whyNot(file, specifier) : undefined
      if (message !== undefined) context.report({ message, node })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: check,
    }
  },
}

const ambient: ReadonlyMap<string, string> = new Map([
  ['Date', 'time comes in as an argument'],
  ['performance', 'time comes in as an argument'],
  ['process', 'what the process knows comes in as an argument'],
  ['crypto', 'randomness comes in as a seeded generator (src/util)'],
  ['console', 'pure code returns what it has to say'],
  ['fetch', 'I/O belongs to src/sources and src/kernel'],
  ['setTimeout', 'timers belong to effects'],
  ['setInterval', 'timers belong to effects'],
  ['setImmediate', 'timers belong to effects'],
])

const pureRule = {
  create(context: Context): Visitor {
    if (!isPure(pathOf(context))) return {}
    const object = (name: string | undefined, node: Node): void => {
      const why = ambient.get(name ?? '')
      if (name !== undefined && why !== undefined) context.report({ message: `${name} in a pure file: ${why}.`, node })
    }
    const nameOf = (node: unknown): string | undefined => {
      const { type, name } = node as Node
      return type === 'Identifier' && typeof name === 'string' ? name : undefined
    }
    return {
      MemberExpression(node) {
        const name = nameOf(node['object'])
        if (name === 'Math' && nameOf(node['property']) === 'random')
          context.report({ message: 'Math.random in a pure file: take a seeded generator (src/util).', node })
        object(name, node)
      },
      NewExpression: (node) => object(nameOf(node['callee']), node),
      CallExpression: (node) => object(nameOf(node['callee']), node),
    }
  },
}

function pathOf(context: Context): string {
  return relative(context.cwd, context.filename).replaceAll('\\', '/')
}

export default {
  meta: { name: 'evenkeel' },
  rules: { layers: layersRule, pure: pureRule },
}
