import type { ElementSyntax, StatementSyntax, Syntax, Verdict } from './syntax.ts'

/** More elements of an anonymous set than this are not spelled out. */
const MOST_ELEMENTS = 64

/** As `nft list ruleset` prints it, for what JSON says and for what was not understood. */
export const printRuleSyntax = (statements: readonly StatementSyntax[], comment?: string): string => {
  const text = statements.map(printStatement).join(' ')
  return comment === undefined ? text : `${text} comment "${comment}"`
}

export const printStatement = (statement: StatementSyntax): string => {
  switch (statement.kind) {
    case 'match': {
      const { left, op, right } = statement
      return `${printSyntax(left)} ${op === '' || op === '==' ? '' : `${op} `}${printSyntax(right)}`
    }
    case 'vmap':
      return `${printSyntax(statement.key)} vmap ${printSyntax(statement.data)}`
    case 'verdict':
      return printVerdict(statement)
    case 'reject':
      return statement.with === '' ? 'reject' : `reject with ${statement.with}`
    case 'counter': {
      const { name, counters } = statement
      if (name !== undefined) return `counter name "${name}"`
      return counters === undefined ? 'counter' : `counter packets ${counters.packets} bytes ${counters.bytes}`
    }
    case 'notrack':
      return 'notrack'
    default:
      return statement.text
  }
}

const printVerdict = ({ jump }: Verdict): string => {
  if (jump === 'continue') return jump
  return 'chain' in jump ? `${jump.verdict} ${jump.chain}` : jump.verdict
}

export const printSyntax = (syntax: Syntax): string => {
  switch (syntax.kind) {
    case 'word':
      return syntax.text
    case 'selector':
      return syntax.name
    case 'numgen':
      return `numgen ${syntax.mode} mod ${syntax.modulus}${offset(syntax.offset)}`
    case 'jhash': {
      const seed = syntax.seed === undefined ? '' : ` seed 0x${syntax.seed.toString(16)}`
      return `jhash ${printSyntax(syntax.of)} mod ${syntax.modulus}${seed}${offset(syntax.offset)}`
    }
    case 'symhash':
      return `symhash mod ${syntax.modulus}${offset(syntax.offset)}`
    case 'prefix':
      return `${printSyntax(syntax.of)}/${syntax.length}`
    case 'range':
      return `${printSyntax(syntax.low)}-${printSyntax(syntax.high)}`
    case 'binary':
      return `${printSyntax(syntax.left)} ${syntax.op} ${operand(syntax.right)}`
    case 'list':
      return syntax.parts.map(printSyntax).join(',')
    case 'concatenation':
      return syntax.parts.map(printSyntax).join(' . ')
    case 'set':
      return printSet(syntax.elements)
    case 'reference':
      return `@${syntax.set}`
    case 'map':
      return `${printSyntax(syntax.key)} map ${printSyntax(syntax.data)}`
  }
}

const offset = (value: number): string => (value === 0 ? '' : ` offset ${value}`)

const operand = (syntax: Syntax): string =>
  syntax.kind === 'binary' ? `(${printSyntax(syntax)})` : printSyntax(syntax)

const printSet = (elements: readonly ElementSyntax[]): string => {
  const shown = elements.slice(0, MOST_ELEMENTS).map(({ key, value }) => {
    if (value === undefined) return printSyntax(key)
    return `${printSyntax(key)} : ${value.kind === 'verdict' ? printVerdict(value) : printSyntax(value)}`
  })
  const rest = elements.length - shown.length
  return `{ ${[...shown, ...(rest > 0 ? [`… ${rest} more`] : [])].join(', ')} }`
}
