package modeltest_test

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// A prompt that is too long is refused in the service's words, and is no fault
// of the client.
func TestLength(t *testing.T) {
	d := modeltest.New(t, modeltest.WithLimits(func(model string) modeltest.Limits {
		lim := modeltest.KnownLimits(model)
		lim.Input = 100
		return lim
	}))
	d.Func(func(modeltest.Request) modeltest.Reply { return modeltest.Text("ok") })
	if status, body := post(t, d, request("")); status != 200 {
		t.Errorf("a short prompt: %d %s", status, body)
	}
	status, body := post(t, d, messages(`{"role":"user","content":"`+strings.Repeat("long ", 100)+`"}`))
	if status != 400 || !strings.HasPrefix(message(t, body), "prompt is too long: 1") || !strings.HasSuffix(message(t, body), " tokens > 100 maximum") {
		t.Errorf("a long prompt: %d %s", status, body)
	}
	if len(d.TooLong()) != 1 || d.TooLong()[0].Tokens() <= 100 || len(d.Refused()) != 0 || len(d.Requests()) != 1 {
		t.Errorf("%d too long, %d refused, %d accepted", len(d.TooLong()), len(d.Refused()), len(d.Requests()))
	}
}
