package model

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header, value string
		want          time.Duration
	}{
		{"retry-after", "", 0},
		{"retry-after", "3", 3 * time.Second},
		{"retry-after", "0.5", 500 * time.Millisecond},
		{"retry-after", "-3", 0},
		{"retry-after", "soon", 0},
		{"retry-after", "NaN", 0},
		{"retry-after", "1e300", maxRetryAfter},
		{"retry-after", "Tue, 24 Nov 2026 12:01:00 GMT", time.Minute},
		{"retry-after", "Tue, 24 Nov 2026 11:59:00 GMT", 0},
		{"retry-after", "Wed, 24 Nov 2027 12:01:00 GMT", maxRetryAfter},
		{"retry-after-ms", "20", 20 * time.Millisecond},
	} {
		if got := retryAfter(http.Header{http.CanonicalHeaderKey(c.header): {c.value}}, now); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.header, c.value, got, c.want)
		}
	}
}

func TestPresentable(t *testing.T) {
	got := presentable("key sk-1 and sk-1\xff"+strings.Repeat("x", 3000), "sk-1")
	if strings.Contains(got, "sk-1") || !strings.HasPrefix(got, "key *** and ***\ufffdxxx") || len(got) > maxErrorText+10 {
		t.Errorf("%q", got)
	}
}
