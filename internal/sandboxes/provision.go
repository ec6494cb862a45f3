package sandboxes

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
)

// Software is what a sandbox shows beyond its base system.
type Software struct {
	Layers  []hands.Layer
	Notices []hands.Notice // of what could not be had
	Release func()         // to be called when the sandbox is gone
}

// software asks for what the sandbox shows, which may take long. b is held
// ready.
func (b *box) software(ctx context.Context, dir string) (Software, error) {
	if b.m.Software == nil {
		return Software{Release: func() {}}, nil
	}
	s, err := b.m.Software(ctx, b.session, dir)
	b.notices = append(b.notices, s.Notices...)
	return s, err
}

// clone makes the clones that the workspace lacks. b is held ready.
func (b *box) clone(ctx context.Context, turn int64) (err error) {
	if b.m.Repositories == nil || b.cloned {
		return nil
	}
	notices, done, err := b.m.Repositories(ctx, b.session, b.m.dirOf(b.session), turn)
	b.notices = append(b.notices, notices...)
	b.cloned = done && err == nil
	return err
}

// repositories is how the gate asks for the credentials of the session's
// repositories; nil if it has none.
func (b *box) repositories(ctx context.Context) (gate.Secrets, error) {
	if b.m.Injections == nil {
		return nil, nil
	}
	if _, has, err := b.m.Injections(ctx, b.session); err != nil || !has {
		return nil, err
	}
	return func(ctx context.Context) (gate.Grants, error) {
		in, _, err := b.m.Injections(ctx, b.session)
		return gate.Grants{Injections: in}, err
	}, nil
}

// merge makes one source of credentials of several.
func merge(sources []gate.Secrets) gate.Secrets {
	if len(sources) == 1 {
		return sources[0]
	}
	return func(ctx context.Context) (all gate.Grants, err error) {
		for _, s := range sources {
			g, err := s(ctx)
			if err != nil {
				return gate.Grants{}, err
			}
			all.Substitutions = append(all.Substitutions, g.Substitutions...)
			all.Injections = append(all.Injections, g.Injections...)
		}
		return all, nil
	}
}

// note tells the agent of a notice, behind the result of the call that met it.
func note(n hands.Notice) json.RawMessage {
	return textBlock(fmt.Sprintf("[The sandbox was not made ready as asked for. %s]", n.Message))
}

func textBlock(text string) json.RawMessage {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return fmt.Appendf(nil, `{"type":"text","text":%s}`, quoted)
}
