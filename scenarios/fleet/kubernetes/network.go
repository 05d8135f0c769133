package kubernetes

import (
	"net/netip"
	"strings"
)

func (m Manifest) service() object {
	return m.document("v1", "Service", "hub", object{
		"selector": m.labels("hub"),
		"ports":    list{object{"name": "hub", "port": Port, "protocol": "TCP", "targetPort": Port}},
	})
}

// hubPolicy lets the workers alone in, and nothing out: the hub answers, and asks nobody.
func (m Manifest) hubPolicy() object {
	return m.document("networking.k8s.io/v1", "NetworkPolicy", "hub", object{
		"podSelector": m.pods("hub"),
		"policyTypes": list{"Ingress", "Egress"},
		"ingress":     list{object{"from": list{object{"podSelector": m.pods("worker")}}, "ports": list{tcp(Port)}}},
	})
}

// workerPolicy lets nobody in, and workers to the hub, to name servers and to the target. A name server may be on the
// node, or be anybody's: its port alone is known.
func (m Manifest) workerPolicy() object {
	target := object{}
	if to := m.targetPeers(); to != nil {
		target["to"] = to
	}
	// A rule is about a pod's port, and behind a service that is another one than is called.
	if namespaceOf(m.Target.Hostname()) == nil {
		target["ports"] = list{tcp(intPort(m.Target))}
	}
	return m.document("networking.k8s.io/v1", "NetworkPolicy", "worker", object{
		"podSelector": m.pods("worker"),
		"policyTypes": list{"Ingress", "Egress"},
		"egress": list{
			object{"to": list{object{"podSelector": m.pods("hub")}}, "ports": list{tcp(Port)}},
			object{"ports": list{object{"port": 53, "protocol": "UDP"}, tcp(53)}},
			target,
		},
	})
}

// targetPeers are the pods or addresses that the target can be; nil are all.
func (m Manifest) targetPeers() (to list) {
	for _, n := range m.Networks {
		to = append(to, object{"ipBlock": object{"cidr": n.String()}})
	}
	if to != nil {
		return to
	}
	host := m.Target.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		address = address.WithZone("").Unmap()
		return list{object{"ipBlock": object{"cidr": netip.PrefixFrom(address, address.BitLen()).String()}}}
	}
	if namespace := namespaceOf(host); namespace != nil {
		return list{namespace}
	}
	return nil
}

// namespaceOf selects the namespace that the name of a service names: its own where it is one word, and the second word
// where the third is svc. For any other host it is nil.
func namespaceOf(host string) object {
	words := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case len(words) == 1 && label().MatchString(host):
		return object{"podSelector": object{}}
	case len(words) >= 3 && words[2] == "svc":
		return object{"namespaceSelector": object{"matchLabels": object{"kubernetes.io/metadata.name": words[1]}}}
	}
	return nil
}

func tcp(port int) object { return object{"port": port, "protocol": "TCP"} }
