package dial

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Names are static names (OSTLER_GATE_HOSTS): a connection to the name goes to
// the address, whatever port was asked for. The operator put it there, so the
// address may be private. A sandbox under limited networking still needs the
// name in its list.
type Names map[policy.Host]netip.AddrPort

// ParseNames reads a comma-separated list of name=ip:port, such as
// "db.test=10.0.0.5:5432,mcp.test=[fd00::7]:8080". "" is none.
func ParseNames(s string) (Names, error) {
	names := Names{}
	if strings.TrimSpace(s) == "" {
		return names, nil
	}
	for entry := range strings.SplitSeq(s, ",") {
		name, to, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok {
			return nil, fmt.Errorf("static names: %q isn't name=ip:port", entry)
		}
		host, err := policy.ParseHost(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("static names: %w", err)
		}
		addr, err := netip.ParseAddrPort(strings.TrimSpace(to))
		if err != nil || addr.Port() == 0 {
			return nil, fmt.Errorf("static names: %q isn't name=ip:port", entry)
		}
		if _, twice := names[host]; twice {
			return nil, fmt.Errorf("static names: %s is given twice", host)
		}
		names[host] = addr
	}
	return names, nil
}
