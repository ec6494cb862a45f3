package mcp

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestModelName(t *testing.T) {
	long := strings.Repeat("x", 128)
	for _, tt := range []struct{ server, tool, want string }{
		{"github", "create_issue", "mcp__github__create_issue"},
		{"My-Server2", "a-b", "mcp__My-Server2__a-b"},
		{"my server", "do.it", "mcp__my_server__do_it_6e699a08d3"},
		{"s", long, "mcp__s__" + long[:109] + "_ef18dfbc8a"},
		{"ü", "ö", "mcp_______8ed71a57e6"},
	} {
		if got := ModelName(tt.server, tt.tool); got != tt.want {
			t.Errorf("%s, %s: %s, want %s", tt.server, tt.tool, got, tt.want)
		}
	}
	if Distinct("x", "a__b") == Distinct("x__a", "b") || ModelName("x", "a__b") != ModelName("x__a", "b") {
		t.Error("the ambiguous pair")
	}
}

func TestModelNamesFitAndDiffer(t *testing.T) {
	valid := regexp.MustCompile(`^mcp__[a-zA-Z0-9_-]{1,123}$`)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.StringN(1, 255, 1000)
		s1, t1, s2, t2 := names.Draw(t, "server"), names.Draw(t, "tool"), names.Draw(t, "server 2"), names.Draw(t, "tool 2")
		for _, f := range []func(string, string) string{ModelName, Distinct} {
			if n := f(s1, t1); !valid.MatchString(n) || f(s1, t1) != n {
				t.Fatalf("name %q", n)
			}
		}
		if (s1 != s2 || t1 != t2) && Distinct(s1, t1) == Distinct(s2, t2) {
			t.Fatal("two tools, one name")
		}
	})
}
