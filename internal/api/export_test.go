package api

// Patterns are the patterns of every route.
func Patterns(d Deps) (out []string) {
	for _, r := range New(d).routes() {
		out = append(out, r.pattern)
	}
	return out
}
