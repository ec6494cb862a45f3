package model

import "github.com/tidwall/gjson"

// usage collects the usage objects of a message: each has totals of the
// message so far, and those that are absent keep their value.
type usage struct {
	u     Usage
	split bool // cache_creation came
}

func (u *usage) merge(r gjson.Result) {
	count := func(dst *int64, path string) {
		if v := r.Get(path); v.Type == gjson.Number {
			*dst = max(0, v.Int())
		}
	}
	count(&u.u.Input, "input_tokens")
	count(&u.u.Output, "output_tokens")
	count(&u.u.CacheCreation, "cache_creation_input_tokens")
	count(&u.u.CacheRead, "cache_read_input_tokens")
	if r.Get("cache_creation").IsObject() {
		u.split = true
		count(&u.u.CacheCreation5m, "cache_creation.ephemeral_5m_input_tokens")
		count(&u.u.CacheCreation1h, "cache_creation.ephemeral_1h_input_tokens")
	}
}

// total is the usage of the whole message. Cache writes that the upstream
// didn't split are of the lifetime that we ask for.
func (u *usage) total() Usage {
	t := u.u
	if !u.split {
		t.CacheCreation5m = t.CacheCreation
	}
	return t
}
