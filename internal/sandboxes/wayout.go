package sandboxes

import (
	"context"
	"io"
	"os"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/gate/netstack"
	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// secrets is what the programs of a sandbox know of its way out, which must
// stay as it is as long as they live.
type secrets struct {
	placeholders map[string]string // by variable
	ca           *gate.CA          // nil if they trust none of ours
}

// open makes the sandbox's way out, and gives spec what its programs need for
// it. Those of a suspended sandbox know what they knew.
func (b *box) open(ctx context.Context, pol policy.Policy, spec *hands.Spec, was *secrets) (*gate.Port, secrets, error) {
	session := gate.Session{ID: b.session, Policy: pol}
	known := secrets{placeholders: map[string]string{}}
	var sources []gate.Secrets
	if b.m.Credentials != nil {
		var before map[string]string
		if was != nil {
			before = was.placeholders
		}
		vars, err := newVariables(ctx, func(ctx context.Context) ([]Credential, error) { return b.m.Credentials(ctx, b.session) }, before)
		if err != nil {
			return nil, known, err
		}
		if spec.Env = vars.env(); len(spec.Env) > 0 {
			sources = append(sources, vars.grants)
		}
		known.placeholders = vars.env()
	}
	repositories, err := b.repositories(ctx)
	if err != nil {
		return nil, known, err
	}
	if repositories != nil {
		sources = append(sources, repositories)
	}
	if len(sources) > 0 {
		session.Secrets = merge(sources)
	}
	switch {
	case was != nil:
		known.ca = was.ca
	case len(sources) > 0:
		if known.ca, err = gate.NewCA(); err != nil {
			return nil, known, err
		}
	}
	if known.ca != nil {
		session.CA, spec.TrustedCA = known.ca, known.ca.PEM()
	}
	port, err := b.m.Gate.Open(spec.GateSocket, session)
	if err == nil && hands.Transparent(b.m.Driver) == nil {
		spec.Network = func(packets *os.File) (io.Closer, error) { return netstack.New(packets, port) }
	}
	return port, known, err
}

func (b *box) closePort(port *gate.Port) {
	if err := port.Close(); err != nil {
		b.m.Log.Error("a gate port was not closed", "session", b.session, "error", err)
	}
}
