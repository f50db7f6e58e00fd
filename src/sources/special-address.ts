/**
 * Why the API forbids an address as an endpoint or external IP (ValidateNonSpecialIP); null when it does not.
 * Such an address would send a Service's clients to something private of the node. Takes canonical text.
 */
export const whySpecial = (address: string): string | null => {
  if (address === '0.0.0.0' || address === '::') return 'the unspecified address'
  if (address.startsWith('127.') || address === '::1') return 'a loopback address'
  if (address.startsWith('169.254.') || /^fe[89ab].:/.test(address)) return 'a link-local address'
  if (address.startsWith('224.0.0.') || /^ff.2:/.test(address)) return 'a link-local multicast address'
  return null
}
