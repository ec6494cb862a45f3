package gate

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/ostlerdev/ostler/internal/gate/replace"
)

// insertion is what the credentials of a sandbox do to one request.
type insertion struct {
	x *exchange
	// The placeholders of the sandbox, and by their index the substitution
	// that applies to this request in each place, nil if none does. Those that
	// don't apply are there so that a part of them isn't taken for another.
	set          *replace.Set
	placeholders []string
	header, body []*Substitution
	values       map[*Substitution]Secret // looked up already
	inBody       []atomic.Int64           // how often each was put into the body
}

// insert puts credentials into a request that is about to leave. done lets go
// of what was kept for it, when it is over.
//
// A TRACE goes out as it is: its answer would show the credential. (TRACK is a
// server's own word for it.)
func (x *exchange) insert(out *http.Request) (done func(), err error) {
	done = func() {}
	grants, err := x.f.lookUp()
	if err != nil || x.req.Method == http.MethodTrace || x.req.Method == "TRACK" {
		return done, err
	}
	in := &insertion{x: x, values: map[*Substitution]Secret{}}
	if err := in.choose(grants); err != nil {
		return done, err
	}
	if in.header != nil {
		if err := in.substitute(out.Header); err != nil {
			return done, err
		}
	}
	if err := in.inject(out.Header, grants); err != nil {
		return done, err
	}
	if in.body == nil || x.body == nil || isEncoded(x.req.Header) {
		return done, nil
	}
	x.f.last = in.record
	if out.ContentLength < 0 {
		return done, in.stream(out)
	}
	return in.measure(out)
}

// lookUp asks for the credentials of the sandbox.
func (f *flow) lookUp() (Grants, error) {
	g, err := f.port.secrets(f.ctx)
	if err != nil {
		f.rec.Err = err
		return Grants{}, noSecret("the credentials of this session could not be looked up")
	}
	return g, nil
}

// noSecret refuses a request because a credential is missing.
func noSecret(text string) *refusal {
	return &refusal{http.StatusBadGateway, Failed, ReasonSecret, text + "; nothing was sent"}
}

// choose finds out which substitutions apply.
func (in *insertion) choose(g Grants) error {
	index := map[string]int{}
	for i := range g.Substitutions {
		s := &g.Substitutions[i]
		at, known := index[s.Placeholder]
		if !known {
			at = len(in.placeholders)
			index[s.Placeholder] = at
			in.placeholders = append(in.placeholders, s.Placeholder)
		}
		if !s.Hosts.Allows(in.x.f.to.host) {
			continue
		}
		for _, place := range []struct {
			on  bool
			own *[]*Substitution
		}{{s.Header, &in.header}, {s.Body, &in.body}} {
			if !place.on {
				continue
			}
			if *place.own == nil {
				*place.own = make([]*Substitution, len(g.Substitutions))
			}
			if (*place.own)[at] == nil {
				(*place.own)[at] = s
			}
		}
	}
	if in.header == nil && in.body == nil {
		return nil
	}
	var err error
	if in.set, err = replace.New(in.placeholders); err != nil {
		in.x.f.rec.Err = err
		return noSecret("a credential of this session has no placeholder")
	}
	return nil
}

// value looks a value up, once.
func (in *insertion) value(s *Substitution) (string, error) {
	if v, ok := in.values[s]; ok {
		return v.Reveal(), nil
	}
	v, err := in.fetch(s.CredentialID, s.Value)
	if err == nil {
		in.values[s] = v
	}
	return v.Reveal(), err
}

func (in *insertion) fetch(id string, from func(context.Context) (Secret, error)) (Secret, error) {
	v, err := from(in.x.f.ctx)
	if err != nil {
		in.x.f.rec.Err = err
		return Secret{}, noSecret("the value of the credential " + id + " could not be looked up")
	}
	return v, nil
}
