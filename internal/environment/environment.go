// Package environment holds the rules of environments: what a config may say,
// how it is resolved (every default filled in), and how an update merges into
// it (Managed Agents API: environments). It decides on values only.
//
// Errors are faults that name the JSON path. The package may import wire,
// fault and the parser of the gate's host patterns only.
package environment

import (
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Limits of an environment's texts, in Unicode code points.
const (
	MaxName        = 256
	MaxDescription = 1024
)

// New is the environment that the body of a create makes, without id and
// times.
func New(p wire.EnvironmentParams) (wire.Environment, error) {
	if !p.Name.Set {
		return wire.Environment{}, fault.At("name", "field required")
	}
	if p.Metadata.Set {
		if _, err := wire.NewMetadata(p.Metadata.Value); err != nil {
			return wire.Environment{}, err
		}
	}
	e := wire.Environment{Type: "environment", Scope: "organization", Metadata: wire.Metadata{}}
	if p.Config.Set && !p.Config.Null && p.Config.Value.SelfHosted != nil {
		e.Config = wire.EnvironmentConfig{Type: wire.TypeSelfHosted}
	} else {
		e.Config = wire.EnvironmentConfig{Type: wire.TypeCloud, Networking: &wire.Networking{Type: wire.TypeUnrestricted}, Packages: noPackages()}
	}
	return apply(e, p)
}

// Update is the environment that an update of cur leads to, without its new
// updated_at. It is equal to cur in its JSON if nothing changes. Faults have the
// codes environment_archived and invalid_config_type_change (Managed Agents
// API: environments, "Update, archive, delete").
func Update(cur wire.Environment, p wire.EnvironmentParams) (wire.Environment, error) {
	if cur.ArchivedAt != nil {
		return cur, fault.New(fault.Invalid, "Environment `%s` is archived and can't be changed.", cur.ID).WithCode("environment_archived")
	}
	return apply(cur, p)
}

// apply lays p over e and checks the result.
func apply(e wire.Environment, p wire.EnvironmentParams) (wire.Environment, error) {
	if p.Name.Set {
		switch name := p.Name.Value; {
		case p.Name.Null || strings.TrimSpace(name) == "":
			return e, fault.At("name", "must not be empty")
		case utf8.RuneCountInString(name) > MaxName:
			return e, fault.At("name", "at most %d characters", MaxName)
		default:
			e.Name = name
		}
	}
	if p.Description.Set {
		e.Description = nil
		if !p.Description.Null {
			if utf8.RuneCountInString(p.Description.Value) > MaxDescription {
				return e, fault.At("description", "at most %d characters", MaxDescription)
			}
			e.Description = &p.Description.Value
		}
	}
	if p.Scope.Set && !p.Scope.Null && p.Scope.Value != "organization" {
		if p.Scope.Value == "account" {
			return e, fault.At("scope", "`account` is not available with an API key")
		}
		return e, fault.At("scope", "`%s` is not one of `organization`, `account`", p.Scope.Value)
	}
	if p.Metadata.Set {
		meta, err := p.Metadata.Value.Apply(e.Metadata, true)
		if err != nil {
			return e, err
		}
		e.Metadata = meta
	}
	if p.Config.Set && !p.Config.Null {
		config, err := applyConfig(e.Config, p.Config.Value)
		if err != nil {
			return e, fault.Under("config", err)
		}
		e.Config = config
	}
	return e, nil
}
