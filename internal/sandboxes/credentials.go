package sandboxes

import (
	"context"
	"maps"
	"sync"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// Credential is a secret that a session's programs know under the name of an
// environment variable, which holds a placeholder. The gate puts the value in
// its place in requests to the credential's hosts (Managed Agents API: vaults,
// environment_variable).
type Credential struct {
	ID           string
	Variable     string
	Hosts        policy.Policy
	Header, Body bool
	Value        func(ctx context.Context) (gate.Secret, error)
}

// variables is the placeholders of one sandbox, by variable. They are made
// when the sandbox is; a credential that takes a variable over later (a
// rotation, a new one of the same name) takes its placeholder over too.
type variables struct {
	look func(ctx context.Context) ([]Credential, error)

	mu           sync.Mutex
	placeholders map[string]string
}

// newVariables makes the placeholders of the credentials that there are now, or
// takes those that a suspended sandbox knows.
func newVariables(ctx context.Context, look func(context.Context) ([]Credential, error), known map[string]string) (*variables, error) {
	if known != nil {
		return &variables{look: look, placeholders: known}, nil
	}
	now, err := look(ctx)
	if err != nil {
		return nil, err
	}
	v := &variables{look: look, placeholders: map[string]string{}}
	for _, c := range now {
		v.placeholders[c.Variable] = gate.NewPlaceholder()
	}
	return v, nil
}

// env is what the sandbox's programs see.
func (v *variables) env() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.placeholders)
}

// grants is what the gate asks for at each request: credentials as they are at
// that moment.
func (v *variables) grants(ctx context.Context) (gate.Grants, error) {
	now, err := v.look(ctx)
	if err != nil {
		return gate.Grants{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var g gate.Grants
	for _, c := range now {
		p := v.placeholders[c.Variable]
		if p == "" {
			continue // added since the sandbox was made: no program inside knows of it
		}
		g.Substitutions = append(g.Substitutions, gate.Substitution{
			CredentialID: c.ID, Placeholder: p, Hosts: c.Hosts, Header: c.Header, Body: c.Body, Value: c.Value})
	}
	return g, nil
}
