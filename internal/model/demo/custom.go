package demo

import (
	"regexp"
	"strings"

	"github.com/ostlerdev/ostler/internal/model"
)

// harmful matches names of tools that a script without understanding had
// better not call.
var harmful = regexp.MustCompile(`(?i)(delete|remove|destroy|drop|purge|erase|kill|stop|shutdown|cancel|pay|charge|refund|purchase|order|buy|transfer|send|publish|deploy|merge|submit|approve)`)

// pickCustom picks the custom tool to call: the one whose name and description
// share most words with the task, the first of those that share as many.
func pickCustom(v *view) (model.Tool, bool) {
	best, score, found := model.Tool{}, -1, false
	task := wordSet(v.task)
	for _, t := range v.custom {
		if harmful.MatchString(t.Name) {
			continue
		}
		n := 0
		for w := range wordSet(strings.ReplaceAll(t.Name, "_", " ") + " " + t.Description) {
			if task[w] {
				n++
			}
		}
		if n > score {
			best, score, found = t, n, true
		}
	}
	return best, found
}

var wordRE = regexp.MustCompile(`[\p{L}\p{N}]{3,}`)

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range wordRE.FindAllString(strings.ToLower(s), -1) {
		out[w] = true
	}
	return out
}
