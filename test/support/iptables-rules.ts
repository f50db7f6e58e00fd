/** Every kind of rule that a Service proxy writes, as iptables-nft 1.8.9 prints it. Addresses of IPv4; `sixed` makes them IPv6's. */
export const natRules = `*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-A
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment plain_text-1 -m udp --dport 53 -j KUBE-SVC-A
-A KUBE-SERVICES -d 10.96.0.10/32 -p sctp -m comment --comment "it\\'s \\"quoted\\"" -m sctp --dport 9 -j KUBE-SVC-A
-A KUBE-SERVICES ! -d 127.0.0.0/8 -m comment --comment "the last rule" -m addrtype --dst-type LOCAL -j KUBE-SVC-A
-A KUBE-SERVICES -s 10.1.0.0/17 -i cni0 -m addrtype ! --src-type UNICAST,LOCAL -j KUBE-SVC-A
-A KUBE-SERVICES ! -i veth+ -g KUBE-SVC-A
-A KUBE-SVC-A ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-A -m comment --comment "shop/web:http -> 10.244.0.5:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.00024414062 -j KUBE-SEP-A
-A KUBE-SVC-A -j KUBE-SEP-A
-A KUBE-SEP-A -s 10.244.0.5/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-A -p tcp -m comment --comment "shop/web:http" -m recent --set --name KUBE-SEP-A --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.5:8080
-A KUBE-SEP-A -p udp -m udp -j DNAT --to-destination 10.244.0.5:53
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -m mark --mark 0x1 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-POSTROUTING -j MASQUERADE
COMMIT
`
/** And of the table filter. */
export const filterRules = `*filter
:KUBE-FORWARD - [0:0]
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate NEW,UNTRACKED,SNAT
-A KUBE-FORWARD -j REJECT --reject-with icmp-port-unreachable
-A KUBE-FORWARD -p tcp -j REJECT --reject-with tcp-reset
COMMIT
`

/** The same with addresses of IPv6. */
export const sixed = (text: string): string =>
  text
    .replaceAll(/10\.244\.0\.5:(\d+)/g, '[fd00::5]:$1')
    .replaceAll('127.0.0.0/8', '::1/128')
    .replaceAll('10.244.0.0/16', 'fd00:244::/64')
    .replaceAll('10.1.0.0/17', 'fd00:1::/61')
    .replaceAll('10.244.0.5/32', 'fd00::5/128')
    .replaceAll('10.96.0.10/32', 'fd00:96::10/128')
    .replaceAll('255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
    .replaceAll('icmp-port', 'icmp6-port')
