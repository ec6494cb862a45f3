package replace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// plain says what a Reader must make of a stream: at each place before limit
// the longest old text that stands there is replaced, all else stays.
func plain(in string, limit int, olds, news []string) (out string, counts []int) {
	var b strings.Builder
	counts = make([]int, len(olds))
	for at := 0; at < len(in); {
		best := -1
		for i, old := range olds {
			if strings.HasPrefix(in[at:], old) && (best < 0 || len(old) > len(olds[best])) {
				best = i
			}
		}
		if best < 0 || at >= limit {
			b.WriteByte(in[at])
			at++
			continue
		}
		b.WriteString(news[best])
		counts[best]++
		at += len(olds[best])
	}
	return b.String(), counts
}

// replacer is plain without a limit, by the standard library.
func replacer(olds, news []string) *strings.Replacer {
	order := make([]int, len(olds))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return len(olds[b]) - len(olds[a]) }) // the first that fits wins
	var pairs []string
	for _, i := range order {
		pairs = append(pairs, olds[i], news[i])
	}
	return strings.NewReplacer(pairs...)
}

// pieces reads a string in pieces of given sizes, and the rest at once. The
// end comes with the last piece or after it.
type pieces struct {
	rest  string
	sizes []int
	err   error // at the end
	with  bool
}

func (p *pieces) Read(b []byte) (int, error) {
	n := len(p.rest)
	if len(p.sizes) > 0 {
		n, p.sizes = p.sizes[0], p.sizes[1:]
	}
	n = copy(b[:min(n, len(b), len(p.rest))], p.rest)
	p.rest = p.rest[n:]
	if p.rest == "" && (n == 0 || p.with) {
		return n, p.err
	}
	return n, nil
}

func (p *pieces) readAll(r io.Reader, size int) (string, error) {
	var out bytes.Buffer
	buf := make([]byte, size)
	for {
		n, err := r.Read(buf)
		out.Write(buf[:n])
		if err != nil {
			return out.String(), err
		}
	}
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		name       string
		olds, news []string
		limit      int
		in, want   string
	}{
		{"nothing", []string{"PH"}, []string{"v"}, 99, "", ""},
		{"alone", []string{"PH"}, []string{"value"}, 99, "PH", "value"},
		{"every one", []string{"PH"}, []string{"value"}, 99, "PHPH PH", "valuevalue value"},
		{"by nothing", []string{"PH"}, []string{""}, 99, "aPHbPH", "ab"},
		{"half of it at the end", []string{"PHPH"}, []string{"v"}, 99, "PHP", "PHP"},
		{"false start", []string{"PPH"}, []string{"v"}, 99, "PPPH", "Pv"},
		{"what was put in", []string{"PH", "v"}, []string{"v", "PH"}, 99, "PHv", "vPH"},
		{"longest", []string{"KEY_1", "KEY_12"}, []string{"a", "b"}, 99, "KEY_1 KEY_12 KEY_13", "a b a3"},
		{"longest of three", []string{"A", "AA", "AAA"}, []string{"1", "2", "3"}, 99, "AAAAAA AA A", "33 2 1"},
		{"longer doesn't come", []string{"ab", "abcabd"}, []string{"1", "2"}, 99, "abcabc", "1c1c"},
		{"overlapping", []string{"abc", "cde"}, []string{"1", "2"}, 99, "abcde cde", "1de 2"},
		{"within another", []string{"abcd", "bc"}, []string{"1", "2"}, 99, "abce abcd", "a2e 1"},
		{"for itself", []string{"KEY_1", "KEY_12"}, []string{"a", "KEY_12"}, 99, "KEY_12KEY_1", "KEY_12a"},
		{"nothing in common", []string{"x", "yz"}, []string{"1", "2"}, 99, "axyzy", "a12y"},
		{"before the limit", []string{"PH"}, []string{"v"}, 3, "aPHPH", "avPH"},
		{"across the limit", []string{"PH"}, []string{"v"}, 2, "aPHPH", "avPH"},
		{"at the limit", []string{"PH"}, []string{"v"}, 1, "aPHPH", "aPHPH"},
		{"longest across the limit", []string{"PH", "PHPHPH"}, []string{"1", "2"}, 1, "PHPHPHPH", "2PH"},
		{"no limit left", []string{"PH"}, []string{"v"}, 0, "PH", "PH"},
		{"bytes of any kind", []string{"\x00\xff"}, []string{"\xfe"}, 99, "\x00\x00\xff\xff", "\x00\xfe\xff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := New(c.olds)
			if err != nil {
				t.Fatal(err)
			}
			want, counts := plain(c.in, c.limit, c.olds, c.news)
			if want != c.want {
				t.Errorf("the plain search gives %q, not %q", want, c.want)
			}
			for size := 1; size <= len(c.in)+1; size++ {
				p := &pieces{rest: c.in, sizes: slices.Repeat([]int{size}, len(c.in)), err: io.EOF}
				got := make([]int, len(c.olds))
				text, err := p.readAll(set.Reader(p, int64(c.limit), c.news, func(i int) { got[i]++ }), 3)
				if text != c.want || err != io.EOF {
					t.Errorf("in pieces of %d: %q, %v; want %q", size, text, err, c.want)
				}
				if !slices.Equal(got, counts) {
					t.Errorf("in pieces of %d: told of %v, want %v", size, got, counts)
				}
			}
			if got := set.Count([]byte(c.in), int64(c.limit)); !slices.Equal(got, counts) {
				t.Errorf("counted %v, want %v", got, counts)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, olds := range [][]string{nil, {""}, {"a", ""}, {"a", "b", "a"}} {
		if _, err := New(olds); err == nil {
			t.Errorf("%q is taken", olds)
		}
	}
}

// Whatever the texts and wherever the stream is cut, what comes out is what
// the plain search gives, and Count and String agree with it.
func TestReaderIsPlainSearch(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("abA_")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		olds := rapid.SliceOfNDistinct(rapid.StringOfN(rapid.SampledFrom([]rune("abA_")), 1, 6, -1), 1, 6, rapid.ID).Draw(t, "olds")
		news := rapid.SliceOfN(text, len(olds), len(olds)).Draw(t, "news")
		// A text of old texts and pieces of them meets more than a random one.
		parts := rapid.SliceOf(rapid.OneOf(text, rapid.Map(rapid.IntRange(0, len(olds)-1), func(i int) string { return olds[i] }))).Draw(t, "parts")
		in := strings.Join(parts, "")
		limit := rapid.OneOf(rapid.Just(len(in)), rapid.IntRange(0, len(in)+3)).Draw(t, "limit")
		p := &pieces{
			rest: in, sizes: rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "sizes"),
			err:  rapid.SampledFrom([]error{io.EOF, iotest.ErrTimeout}).Draw(t, "err"),
			with: rapid.Bool().Draw(t, "with the last"),
		}
		set, err := New(olds)
		if err != nil {
			t.Fatal(err)
		}
		want, counts := plain(in, limit, olds, news)
		told := make([]int, len(olds))
		end := p.err
		got, err := p.readAll(set.Reader(p, int64(limit), news, func(i int) { told[i]++ }), rapid.IntRange(1, 70).Draw(t, "read"))
		if got != want || err != end {
			t.Fatalf("%q, %v; want %q, %v", got, err, want, end)
		}
		if !slices.Equal(told, counts) {
			t.Fatalf("told of %v, want %v", told, counts)
		}
		if window := min(limit+set.Longest(), len(in)); !slices.Equal(set.Count([]byte(in[:window]), int64(limit)), counts) {
			t.Fatalf("counted %v in %d bytes, want %v", set.Count([]byte(in[:window]), int64(limit)), window, counts)
		}
		if limit < len(in) {
			return
		}
		if std := replacer(olds, news).Replace(in); std != want {
			t.Fatalf("strings.Replacer gives %q, the plain search %q", std, want)
		}
		if got, err := set.String(in, func(i int) (string, error) { return news[i], nil }); got != want || err != nil {
			t.Fatalf("String: %q, %v; want %q", got, err, want)
		}
	})
}

// Where two pieces meet nothing is lost, doubled or replaced by half.
func FuzzOverlap(f *testing.F) {
	f.Add("aKEY_12 KEY_1KEY_", "KEY_1", "KEY_12", uint8(3), uint8(5))
	f.Add("PPPH", "PPH", "P", uint8(1), uint8(2))
	f.Add("ababab", "abab", "ba", uint8(2), uint8(90))
	f.Fuzz(func(t *testing.T, in, one, two string, cut, limit uint8) {
		set, err := New([]string{one, two})
		if err != nil {
			t.Skip()
		}
		news := []string{"<1>", ""}
		want, _ := plain(in, int(limit), []string{one, two}, news)
		first := min(int(cut), len(in))
		for _, sizes := range [][]int{{first}, slices.Repeat([]int{1}, len(in)), {first, 1, 1, 1}} {
			p := &pieces{rest: in, sizes: sizes, err: io.EOF}
			if got, err := p.readAll(set.Reader(p, int64(limit), news, func(int) {}), 7); got != want || err != io.EOF {
				t.Errorf("cut into %v: %q, %v; want %q", sizes, got, err, want)
			}
		}
	})
}

// A Reader passes on what it can before it waits for more, so that a stream
// that stops in the middle isn't held up.
func TestReaderDoesNotWait(t *testing.T) {
	set, err := New([]string{"KEY_1"})
	if err != nil {
		t.Fatal(err)
	}
	in, w := io.Pipe()
	r := set.Reader(in, 1<<20, []string{"v"}, func(int) {})
	buf := make([]byte, 64)
	for _, step := range []struct{ send, want string }{
		{"hello", "hello"}, {"a KEY_1", "a "}, {"", "v"}, {"b KEY", "b "}, {"_1 c", "v"}, {"", " c"}, {"KEX", "KEX"},
	} {
		done := make(chan error, 1)
		if step.send != "" {
			go func() { _, err := io.WriteString(w, step.send); done <- err }()
		} else {
			done <- nil
		}
		n, err := r.Read(buf)
		if string(buf[:n]) != step.want || err != nil {
			t.Errorf("after %q: %q, %v; want %q", step.send, buf[:n], err, step.want)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestStringEnds(t *testing.T) {
	set, err := New([]string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no value")
	calls := 0
	if got, err := set.String("xaxaxa", func(int) (string, error) { calls++; return "1", broken }); got != "" || !errors.Is(err, broken) || calls != 1 {
		t.Errorf("%q, %v after %d calls", got, err, calls)
	}
}

// A stream of nothing but beginnings must not take longer than others.
func BenchmarkReader(b *testing.B) {
	olds := make([]string, 1000)
	news := make([]string, len(olds))
	for i := range olds {
		olds[i] = fmt.Sprintf("CMA_PLACEHOLDER_%032d", i*7919)
		news[i] = "value"
	}
	set, err := New(olds)
	if err != nil {
		b.Fatal(err)
	}
	for name, piece := range map[string]string{
		"text": "The quick brown fox jumps over the lazy dog, Clara. ", "first letters": "C", "beginnings": "CMA_PLACEHOLDER_",
		"almost": olds[500][:47], "all": olds[500],
	} {
		in := strings.Repeat(piece, 1<<20/len(piece))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, err := io.Copy(io.Discard, set.Reader(strings.NewReader(in), 1<<30, news, func(int) {})); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
