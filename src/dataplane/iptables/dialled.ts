import { ruleObject, type RuleObject, type RuleText } from './objects.ts'
import { comment, destinationIs, destinationPort, jumpTo, type RuleParts, ruleText } from './rule-text.ts'
import type { Subject } from './subject.ts'

export interface DialledParts extends Pick<RuleParts, 'source' | 'destination' | 'matches' | 'target'> {
  /** a match after that of the port */
  readonly late?: string
}

/** A rule for packets that dial the frontend; a node port is dialled at any address, or at `destination`. */
export const dialled = (
  { frontend, names }: Subject,
  { matches = [], late = '', ...parts }: DialledParts,
): RuleText => {
  const { address, port } = frontend
  return ruleText({
    destination: address === null ? '' : destinationIs(address),
    ...parts,
    protocol: `-p ${names.protocol}`,
    matches: [...matches, destinationPort(names.protocol, port), late],
  })
}

/** In the nat table's KUBE-SERVICES, where the rules of frontends come before those of node ports. */
export const dispatchRule = (subject: Subject, chain: string, said: string, target: string): RuleObject =>
  ruleObject(
    subject.place('nat', chain),
    dialled(subject, { matches: [comment(said)], target: jumpTo(target) }),
    'head',
  )
