package gate

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// flow is one request or tunnel from the moment its target is known to its
// record in the audit.
type flow struct {
	port     *Port
	to       target
	ctx      context.Context // ends with a cause when the flow is cut off
	cancel   context.CancelCauseFunc
	up, down atomic.Int64 // bytes
	rec      Record
	last     func() // adds to rec when all is over; may be nil
}

func (p *Port) begin(kind Kind, to target) *flow {
	f := &flow{port: p, to: to, rec: Record{
		Session: p.session, Kind: kind, Port: to.port, Start: time.Now(), Verdict: Failed, Reason: ReasonBroken,
	}}
	if to != (target{}) {
		f.rec.Host = to.host.String()
	}
	f.ctx, f.cancel = context.WithCancelCause(p.ctx)
	p.mu.Lock()
	p.flows[f] = struct{}{}
	p.mu.Unlock()
	return f
}

// end takes the flow off the list and gives its record to the audit.
func (f *flow) end() {
	f.cancel(nil)
	f.port.mu.Lock()
	delete(f.port.flows, f)
	f.port.mu.Unlock()
	if f.last != nil {
		f.last()
	}
	f.rec.Up, f.rec.Down = f.up.Load(), f.down.Load()
	f.rec.Duration = time.Since(f.rec.Start)
	f.port.gate.cfg.Audit(f.rec)
}

// allowed records that the flow came about and how it ended: err is what broke
// it off, or nil.
func (f *flow) allowed(err error) {
	f.rec.Verdict, f.rec.Reason = Allowed, ""
	if err = f.why(err); err != nil {
		f.rec.Reason = explain(err).reason
	}
}

// refuse records a refusal and answers with it. A client that doesn't take the
// answer is the client's business, so that error goes nowhere.
func (f *flow) refuse(c *client, r *refusal) {
	f.rec.Verdict, f.rec.Reason = r.verdict, r.reason
	_ = r.answer(c, f.to)
}

// fail is refuse for an error on the way to the host.
func (f *flow) fail(c *client, err error) { f.refuse(c, explain(f.why(err))) }

// why is how the flow was cut off, if it was, for then err is a consequence of
// that; else it is err.
func (f *flow) why(err error) error {
	var cut cutOff
	for _, ctx := range []context.Context{f.port.ctx, f.ctx} {
		if errors.As(context.Cause(ctx), &cut) {
			return cut
		}
	}
	return err
}

// onDone runs do when ctx ends. stop ends that; after it returned do has run
// to its end or never will.
func onDone(ctx context.Context, do func()) (stop func()) {
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(done)
		do()
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}
