package box

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// fakeGuest is the other end of a connection.
type fakeGuest struct {
	t   *testing.T
	in  *bufio.Reader
	out *os.File
	raw *os.File // what in reads from
}

// newConn connects to a guest that is ready at once and then does as the test
// says.
func newConn(t *testing.T, hello frame.Response) (*conn, *fakeGuest, error) {
	t.Helper()
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	g := &fakeGuest{t: t, in: bufio.NewReader(inR), out: outW, raw: inR}
	t.Cleanup(func() {
		for _, f := range []*os.File{inR, inW, outR, outW} {
			_ = f.Close()
		}
	})
	var all sync.WaitGroup
	all.Go(func() {
		var init frame.Init
		if err := frame.Read(g.in, &init); err != nil || init.Version != frame.Version {
			t.Errorf("first frame: %+v, %v", init, err)
		}
		g.send(hello)
	})
	c, err := dial(t.Context(), inW, outR, frame.Init{})
	all.Wait()
	return c, g, err
}

func (g *fakeGuest) next() frame.Request {
	g.t.Helper()
	var req frame.Request
	if err := frame.Read(g.in, &req); err != nil {
		g.t.Error(err)
	}
	return req
}

func (g *fakeGuest) send(resp frame.Response) {
	g.t.Helper()
	if err := frame.Write(g.out, resp); err != nil {
		g.t.Error(err)
	}
}

func run(c *conn, ctx context.Context, tool string) (string, error) {
	result, err := c.run(ctx, hands.Call{Tool: tool, Input: []byte(`{}`)}, false)
	if err != nil {
		return "", err
	}
	var block struct{ Text string }
	if err := json.Unmarshal(result.Content[0], &block); err != nil {
		return "", err
	}
	return block.Text, nil
}

func TestConnAnswersOutOfOrder(t *testing.T) {
	c, g, err := newConn(t, frame.Response{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, tool := range []string{"a", "b", "c"} {
		all.Go(func() {
			if got, err := run(c, t.Context(), tool); err != nil || got != "result of "+tool {
				t.Errorf("%s: %q, %v", tool, got, err)
			}
		})
	}
	var asked []frame.Request
	for range 3 {
		asked = append(asked, g.next())
	}
	g.send(frame.Response{ID: 99, Blocks: text("nobody asked")})
	for i := range asked {
		req := asked[len(asked)-1-i]
		g.send(frame.Response{ID: req.ID, Blocks: text("result of " + req.Tool)})
		g.send(frame.Response{ID: req.ID, Blocks: text("again")})
	}
	all.Wait()
}

func text(s string) []frame.Block { return []frame.Block{{Kind: frame.Text, Text: s}} }

func TestConnCancel(t *testing.T) {
	c, g, err := newConn(t, frame.Response{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := run(c, ctx, "bash")
		ended <- err
	}()
	req := g.next()
	cancel()
	if got := g.next(); got.Op != frame.OpCancel || got.ID != req.ID {
		t.Errorf("%+v", got)
	}
	select {
	case err := <-ended:
		t.Fatalf("Run came back before the call had stopped: %v", err)
	default:
	}
	g.send(frame.Response{ID: req.ID, Canceled: true})
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
}

func TestConnLost(t *testing.T) {
	for name, last := range map[string]string{
		"ends": "", "garbage": "\x00\x00\x00\x02[]", "too large": "\xff\xff\xff\xff",
	} {
		c, g, err := newConn(t, frame.Response{})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := run(c, t.Context(), "bash")
			ended <- err
		}()
		g.next()
		if _, err := g.out.WriteString(last); err != nil {
			t.Fatal(err)
		}
		if err := g.out.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, hands.ErrLost) {
			t.Errorf("%s: %v", name, err)
		}
		<-c.done
		if _, err := run(c, t.Context(), "bash"); !errors.Is(err, hands.ErrLost) {
			t.Errorf("%s, the next call: %v", name, err)
		}
	}
}

func TestConnNotReady(t *testing.T) {
	if _, _, err := newConn(t, frame.Response{Failure: "no loopback"}); err == nil || err.Error() != "no loopback" {
		t.Error(err)
	}
}

func TestConnRefusesBadInput(t *testing.T) {
	c, _, err := newConn(t, frame.Response{})
	if err != nil {
		t.Fatal(err)
	}
	for input, want := range map[string]string{
		"{": "invalid write input: ", "[]": "invalid write input: ", "null": "",
		`{"content":"` + strings.Repeat("x", frame.Max) + `"}`: "invalid write input: 4194",
	} {
		if want == "" {
			continue
		}
		result, err := c.run(t.Context(), hands.Call{Tool: "write", Input: []byte(input)}, false)
		if err != nil || !result.IsError || !strings.Contains(string(result.Content[0]), want) {
			t.Errorf("%.20s: %.100s, %v", input, result.Content, err)
		}
	}
}

// What comes out of a sandbox is never more than text, images and documents.
func TestResult(t *testing.T) {
	got, err := result(frame.Response{IsError: true, Blocks: []frame.Block{
		{Kind: frame.Text, Text: "a<b"}, {Kind: frame.Text},
		{Kind: frame.Image, MediaType: "image/png", Data: []byte{1, 2}}, {Kind: frame.Document, MediaType: "application/pdf"},
	}})
	want := hands.Result{IsError: true, Content: []json.RawMessage{
		json.RawMessage(`{"type":"text","text":"a\u003cb"}`), json.RawMessage(`{"type":"text","text":"(no output)"}`),
		json.RawMessage(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQI="}}`),
		json.RawMessage(`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":null}}`),
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, b := range []frame.Block{{Kind: "tool_use"}, {Kind: ""}, {Kind: frame.Image, MediaType: "text/html"}, {Kind: frame.Document, MediaType: "image/png"}} {
		if _, err := result(frame.Response{Blocks: []frame.Block{b}}); !errors.Is(err, hands.ErrLost) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

func TestFileName(t *testing.T) {
	for id, want := range map[string]string{
		"sevt_01Ab-c": "sevt_01Ab-c", "": "", "../x": "", "a/b": "", "a b": "", "é": "", strings.Repeat("x", 65): "",
	} {
		if got := fileName(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
}
