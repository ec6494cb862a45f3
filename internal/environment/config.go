package environment

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of a config. The API names none; these keep a sandbox startable.
const (
	MaxHosts    = 1000
	MaxPackages = 200 // of one manager
	maxPackage  = 255 // characters
)

func noPackages() *wire.Packages { return &wire.Packages{Type: "packages"} }

// applyConfig lays p over the config c; what p leaves out stays.
func applyConfig(c wire.EnvironmentConfig, p wire.EnvironmentConfigParam) (wire.EnvironmentConfig, error) {
	typ := wire.TypeCloud
	if p.SelfHosted != nil {
		typ = wire.TypeSelfHosted
	}
	if typ != c.Type {
		return c, fault.At("type", "the type of an environment can't change from `%s` to `%s`", c.Type, typ).
			WithCode("invalid_config_type_change")
	}
	if p.Cloud == nil {
		return c, nil
	}
	if n := p.Cloud.Networking; n.Set && !n.Null {
		networking, err := applyNetworking(c.Networking, n.Value)
		if err != nil {
			return c, fault.Under("networking", err)
		}
		c.Networking = networking
	}
	if list := p.Cloud.Packages; list.Set && !list.Null {
		packages, err := applyPackages(c.Packages, list.Value)
		if err != nil {
			return c, fault.Under("packages", err)
		}
		c.Packages = packages
	}
	if n := c.Networking; n.LimitedNetwork != nil && !n.AllowPackageManagers && hasPackages(c.Packages) {
		return c, fault.At("networking.allow_package_managers", "must be true for an environment with packages")
	}
	return c, nil
}

// applyNetworking lays p over n. Another type replaces it whole.
func applyNetworking(n *wire.Networking, p wire.NetworkingParam) (*wire.Networking, error) {
	if p.Limited == nil {
		return &wire.Networking{Type: wire.TypeUnrestricted}, nil
	}
	next := wire.LimitedNetwork{AllowedHosts: []string{}}
	if n.LimitedNetwork != nil {
		next = *n.LimitedNetwork
	}
	if hosts := p.Limited.AllowedHosts; hosts.Set && !hosts.Null {
		if len(hosts.Value) > MaxHosts {
			return nil, fault.At("allowed_hosts", "at most %d hosts", MaxHosts)
		}
		for i, h := range hosts.Value {
			if _, err := policy.ParsePattern(h); err != nil {
				return nil, fault.At(fmt.Sprintf("allowed_hosts[%d]", i), "%v", err)
			}
		}
		next.AllowedHosts = hosts.Value
	}
	if v := p.Limited.AllowMCPServers; v.Set && !v.Null {
		next.AllowMCPServers = v.Value
	}
	if v := p.Limited.AllowPackageManagers; v.Set && !v.Null {
		next.AllowPackageManagers = v.Value
	}
	return &wire.Networking{Type: wire.TypeLimited, LimitedNetwork: &next}, nil
}

// applyPackages replaces the lists that p has.
func applyPackages(old *wire.Packages, p wire.PackagesParam) (*wire.Packages, error) {
	if p.Type.Set && !p.Type.Null && p.Type.Value != "packages" {
		return nil, fault.At("type", "must be `packages`")
	}
	next := *old
	lists := next.Lists()
	for i, given := range p.Lists() {
		if !given.Set || given.Null {
			continue
		}
		name := lists[i].Manager
		if len(given.Value) > MaxPackages {
			return nil, fault.At(name, "at most %d packages", MaxPackages)
		}
		for j, pkg := range given.Value {
			if err := checkPackage(pkg); err != nil {
				return nil, fault.Under(fmt.Sprintf("%s[%d]", name, j), err)
			}
		}
		*lists[i].Packages = slices.Clone(given.Value)
	}
	return &next, nil
}

// checkPackage refuses what a package manager could take for an option.
func checkPackage(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fault.At("", "must not be empty")
	case utf8.RuneCountInString(name) > maxPackage:
		return fault.At("", "at most %d characters", maxPackage)
	case strings.HasPrefix(name, "-"):
		return fault.At("", "must not begin with `-`")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fault.At("", "must not contain control characters")
	}
	return nil
}

func hasPackages(p *wire.Packages) bool {
	for _, l := range p.Lists() {
		if len(*l.Packages) > 0 {
			return true
		}
	}
	return false
}
