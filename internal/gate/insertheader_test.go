package gate

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever stands in a field, what arrives is what the specification says,
// within the base64 of Basic too.
func TestFieldAsSpecified(t *testing.T) {
	grants, err := threeSecrets()(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p := &Port{gate: New(Config{}), secrets: fixed(grants)}
	p.ctx = context.Background()
	in := &insertion{x: &exchange{f: &flow{port: p, ctx: p.ctx, to: target{parseHost(t, plainHost), 80}}}, values: map[*Substitution]Secret{}}
	if err := in.choose(grants); err != nil {
		t.Fatal(err)
	}
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{ph1, ph12, ph2, ph1[:9], ph12 + "3", "Basic ", ":", "=", " "}),
		rapid.StringMatching(`[ -~]{0,20}`),
	)
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(r, "pieces"), "")
		for name, text := range map[string]string{"X-Key": text, "Authorization": "Bearer " + text} {
			if got, err := in.field(name, text, make([]int, len(in.placeholders))); got != specified(text, len(text)) || err != nil {
				r.Fatalf("%s: %q becomes %q, %v", name, text, got, err)
			}
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		pair := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(r, "pieces"), "")
		word := rapid.SampledFrom([]string{"Basic", "basic", "BASIC"}).Draw(r, "word")
		coded := base64.StdEncoding.EncodeToString([]byte(pair))
		if rapid.Bool().Draw(r, "without padding") {
			coded = strings.TrimRight(coded, "=")
		}
		sent := word + " " + coded
		want := word + " " + base64.StdEncoding.EncodeToString([]byte(specified(pair, len(pair))))
		if specified(pair, len(pair)) == pair {
			want = sent // nothing to do, so not a byte is touched
		}
		counts := make([]int, len(in.placeholders))
		if got, err := in.field("Authorization", sent, counts); got != want || err != nil {
			r.Fatalf("%q becomes %q, %v; want %q", sent, got, err, want)
		}
		if got, err := in.field("X-Authorization", sent, counts); got != sent || err != nil {
			r.Fatalf("in another field %q becomes %q, %v", sent, got, err)
		}
	})
}

// FuzzBasic holds a field to staying a field: nothing that a sandbox writes
// becomes a line of its own.
func FuzzBasic(f *testing.F) {
	f.Add("Basic dTpw", "v")
	f.Add("basic  "+base64.RawStdEncoding.EncodeToString([]byte("u:"+ph1)), "pass")
	f.Add("Basic "+ph1, "dTpw")
	f.Add("Bearer "+ph1, "a\r\nX: y")
	f.Fuzz(func(t *testing.T, value, secret string) {
		if !isValue(value) {
			t.Skip() // refused before
		}
		s := credential("vcrd_1", ph1, secret)
		p := &Port{gate: New(Config{})}
		in := &insertion{x: &exchange{f: &flow{port: p, ctx: context.Background(), to: target{parseHost(t, plainHost), 80}}}, values: map[*Substitution]Secret{}}
		if err := in.choose(Grants{Substitutions: []Substitution{s}}); err != nil {
			t.Fatal(err)
		}
		got, err := in.field("Authorization", value, make([]int, 1))
		if err != nil && isValue(secret) {
			t.Errorf("%q with %q: %v", value, secret, err)
		}
		if !isValue(got) {
			t.Errorf("%q with %q becomes %q", value, secret, got)
		}
	})
}
