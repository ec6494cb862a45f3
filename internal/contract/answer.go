package contract

import (
	"reflect"
	"strings"
)

// answer is what the SDKs decode the answers of some routes into.
type answer struct {
	v1, v2 reflect.Type
	routes []string
}

// of says that the routes answer one object, here as each major's type.
func of[V1, V2 any](routes ...string) answer {
	return answer{reflect.TypeFor[V1](), reflect.TypeFor[V2](), routes}
}

// typesOf finds the SDK types of a route.
func typesOf(route string) (answer, bool) {
	for _, table := range [][]answer{coreAnswers, storeAnswers, hostedAnswers} {
		for _, a := range table {
			for _, r := range a.routes {
				if r == route {
					return a, true
				}
			}
		}
	}
	return answer{}, false
}

// routes lists every route of the tables.
func routes() []string {
	var out []string
	for _, table := range [][]answer{coreAnswers, storeAnswers, hostedAnswers} {
		for _, a := range table {
			out = append(out, a.routes...)
		}
	}
	return out
}

// RouteOf finds the route that a request's method and path belong to. A route
// with more literal segments wins, so that …/work/poll is not a {work_id}.
// PATCH stands for POST, as in the product's first documentation.
func RouteOf(method, path string) (string, bool) {
	if method == "PATCH" {
		method = "POST"
	}
	best, bestLiterals := "", -1
	for _, route := range routes() {
		if n := literals(route, method+" "+path); n > bestLiterals {
			best, bestLiterals = route, n
		}
	}
	return best, bestLiterals >= 0
}

// literals counts the segments of route that concrete matches word for word,
// or is -1 if concrete is no case of route.
func literals(route, concrete string) int {
	want, got := strings.Split(route, "/"), strings.Split(concrete, "/")
	if len(want) != len(got) {
		return -1
	}
	n := 0
	for i, w := range want {
		switch {
		case w == got[i]:
			n++
		case !strings.HasPrefix(w, "{") || got[i] == "":
			return -1
		}
	}
	return n
}
