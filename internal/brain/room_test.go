package brain

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

func imageOf(data string) raw {
	return raw(fmt.Sprintf(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":%q}}`, data))
}

// Images and documents that would make the conversation too large for every
// further request are described in words.
func TestRoomForResults(t *testing.T) {
	image := imageOf(strings.Repeat("A", 1000))
	document := raw(`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}`)
	for name, tt := range map[string]struct {
		used    int // bytes of the conversation
		content []raw
		want    string // the blocks that come out
	}{
		"room":                 {0, []raw{textBlock("a"), image, document}, "text image document"},
		"room for one":         {maxBinary - 2000, []raw{image, image, textBlock("a")}, "image not shown text"},
		"room for the smaller": {maxBinary - 500, []raw{image, document}, "not shown document"},
		"no room":              {maxBinary, []raw{textBlock("a"), image, document}, "text not shown not shown"},
		"no room for texts":    {maxBinary, []raw{textBlock(strings.Repeat("a", 2000))}, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newState()
			s.append("user", []raw{raw(strings.Repeat(" ", tt.used))})
			var got []string
			for _, b := range s.roomFor(tt.content) {
				kind := readBlock(b).Type
				if strings.Contains(string(b), "not shown: the conversation has no room for it.") {
					kind = "not shown"
				}
				got = append(got, kind)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestImagesOfResultsAreCounted(t *testing.T) {
	h := newHarness(t)
	s := h.session("cloud", allowing)
	h.remote.answer = func(_ context.Context, _, tool string) (mcp.Result, error) {
		return mcp.Result{Content: []raw{imageOf("iVBORw0KGgowMDAw" + strings.Repeat("A", maxBinary))}}, nil
	}
	h.model.Queue(ofServer("b", "look"), modeltest.Text("Nothing to see."))
	h.until(s, wire.TypeStatusIdle, userMessage("look"))
	if got := h.shown(1); len(got) != 1 || !strings.HasPrefix(got[0], "[image of type image/png, not shown") {
		t.Errorf("the model sees %.200q", got)
	}
}
