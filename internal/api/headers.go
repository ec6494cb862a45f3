package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
)

// The versions of the API, oldest first. Both have one form.
const (
	version2023 = "2023-06-01"
	version2026 = "2026-10-21"
)

// versionOf selects the version that the header anthropic-version asks for:
// the newest known one that is not after it. Without the header it is the
// oldest.
func versionOf(h http.Header) (string, error) {
	asked := ""
	for _, v := range h.Values("anthropic-version") {
		if v = strings.TrimSpace(v); asked != "" && v != asked {
			return "", fault.At("", "the header `anthropic-version` has two values, `%s` and `%s`", asked, v)
		}
		asked = v
	}
	switch {
	case asked == "":
		return version2023, nil
	case asked == version2026 || asked == version2023:
		return asked, nil
	case !isDate(asked):
		return "", fault.At("", "the header `anthropic-version` is `%s`, expected a date such as `%s`", asked, version2026)
	case asked < version2023:
		return "", fault.At("", "the header `anthropic-version` is `%s`, the oldest version is `%s`", asked, version2023)
	case asked < version2026:
		return version2023, nil
	}
	return version2026, nil
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// betas is what the anthropic-beta headers name.
func betas(h http.Header) []string {
	values := h.Values("anthropic-beta")
	if len(values) == 1 && !strings.ContainsAny(values[0], ", ") {
		return values
	}
	var out []string
	for _, v := range values {
		for _, b := range strings.Split(v, ",") {
			if b = strings.TrimSpace(b); b != "" {
				out = append(out, b)
			}
		}
	}
	return out
}
