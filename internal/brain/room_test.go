package brain

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/wire"
)

func imageOf(data string) raw {
	return raw(fmt.Sprintf(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":%q}}`, data))
}

// picture is an empty image of so many pixels.
func picture(width, height int) raw {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		panic(err)
	}
	return imageOf(base64.StdEncoding.EncodeToString(b.Bytes()))
}

// Images and documents that would make the conversation too large for every
// further request are described in words.
func TestRoomForResults(t *testing.T) {
	small := imageOf(strings.Repeat("A", 1000))
	document := raw(`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}`)
	for name, tt := range map[string]struct {
		used    int // bytes of the conversation
		content []raw
		want    string // the blocks that come out
	}{
		"room":                 {0, []raw{textBlock("a"), small, document}, "text image document"},
		"room for one":         {maxBinary - 2000, []raw{small, small, textBlock("a")}, "image not shown text"},
		"room for the smaller": {maxBinary - 500, []raw{small, document}, "not shown document"},
		"no room":              {maxBinary, []raw{textBlock("a"), small, document}, "text not shown not shown"},
		"too many bytes":       {0, []raw{imageOf(strings.Repeat("A", maxImage+4))}, "not shown"},
		"as many as can be":    {0, []raw{imageOf(strings.Repeat("A", maxImage))}, "image"},
		"too wide":             {0, []raw{picture(maxPixels+1, 1)}, "not shown"},
		"too high":             {0, []raw{picture(1, maxPixels+1)}, "not shown"},
		"as wide as can be":    {0, []raw{picture(maxPixels, 1)}, "image"},
		"by URL":               {0, []raw{raw(`{"type":"image","source":{"type":"url","url":"https://a.test"}}`)}, "image"},
		"no room for texts":    {maxBinary, []raw{textBlock(strings.Repeat("a", 2000))}, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newState()
			s.append("user", []raw{raw(strings.Repeat(" ", tt.used))})
			var got []string
			for _, b := range s.roomFor(tt.content) {
				kind := readBlock(b).Type
				if strings.Contains(string(b), " not shown: ") {
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
	if got := h.shown(1); len(got) != 1 || !strings.HasPrefix(got[0], "[image not shown: the conversation has no room for it.]") {
		t.Errorf("the model sees %.200q", got)
	}
}
