import type { RuleSpec } from './spec.ts'

/** Chains whose every rule is looked at when a dump is read: what is lost there is told before a packet meets it. */
export const isTelling = (chain: string, text: string): boolean =>
  dispatchers.has(chain) || lonely.has(chain) || text.includes('! --sport 256')

/**
 * Rules that cannot be as they are shown: an iptables older than the one that wrote them leaves out what it does not know
 * (kubernetes/kubernetes#112477: 1.8.7 loses `--mark` and `--dport` of rules that 1.8.8 wrote) or prints nonsense
 * (`! --sport 256 ! --dport 0`).
 * @returns what is missing, in words; null: nothing
 */
export const lostOf = (chain: string, spec: RuleSpec): string | null => {
  const target = spec.target?.name ?? ''
  if (dispatchers.has(chain)) return leadsToPort(target) && !asksPort(spec) ? 'the port (--dport)' : null
  if (chain === 'KUBE-FIREWALL') return target === 'DROP' && asksNothing(spec) ? 'the mark (--mark)' : null
  if (chain === 'KUBE-POSTROUTING') return target === 'RETURN' && asksNothing(spec) ? 'the mark (--mark)' : null
  if (chain === 'KUBE-FORWARD')
    return (target === 'ACCEPT' || target === 'DROP') && asksNothing(spec) ? 'the mark or state' : null
  return isNonsense(spec) ? 'the right ports (`! --sport 256 ! --dport 0` is a misreading)' : null
}

const lonely = new Set(['KUBE-FIREWALL', 'KUBE-POSTROUTING', 'KUBE-FORWARD'])

/** Every rule of these that leads to a Service names a port. */
const dispatchers = new Set(['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES', 'KUBE-PROXY-FIREWALL'])

const leadsToPort = (target: string): boolean =>
  /^(?:KUBE-(?:SVC|SVL|EXT|FW|XLB)-|KUBE-MARK-MASQ$|REJECT$|DROP$)/.test(target)

const asksPort = ({ matches }: RuleSpec): boolean =>
  matches.some(
    ({ name, options }) =>
      name === 'set' || options.some((option) => option.name === '--dport' || option.name === '--dports'),
  )

const asksNothing = ({ options, matches }: RuleSpec): boolean =>
  options.length === 0 && matches.every(({ name }) => name === 'comment')

const isNonsense = ({ matches }: RuleSpec): boolean =>
  matches.some(
    ({ options }) =>
      options.some(({ name, negated, values }) => name === '--sport' && negated && values[0] === '256') &&
      options.some(({ name, negated, values }) => name === '--dport' && negated && values[0] === '0'),
  )
