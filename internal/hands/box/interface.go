package box

import "sync/atomic"

// Interface is what a driver knows of whether its sandboxes can have a network
// interface. The zero Interface says they can.
type Interface struct{ why atomic.Pointer[error] }

// Transparent says why they can't, or nil; see [hands.Networked].
func (i *Interface) Transparent() error {
	if why := i.why.Load(); why != nil {
		return *why
	}
	return nil
}

// Settle makes up for a probe that ended with err: if probing once more without
// interfaces is better, sandboxes get none from then on.
func (i *Interface) Settle(err error, probe func() error) error {
	if err == nil || i.Transparent() != nil {
		return err
	}
	i.why.Store(&err)
	again := probe()
	if again != nil {
		i.why.Store(nil)
	}
	return again
}
