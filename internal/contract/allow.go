package contract

import (
	"slices"
	"strings"
)

// extra is a member that the server sends although one of the judges does not
// know it. The list is short on purpose: each entry needs a reason.
type extra struct {
	owner  string // name of the SDK type or schema
	member string
	reason string
}

// bothMajors: the server has one form for both API versions, so the old SDK
// sees what was added for the new one. SDKs keep and ignore what they do not
// know.
const bothMajors = "added after SDK v1, sent under both API versions"

var extras = []extra{
	{"UserProfile", "enforcement_status", bothMajors},
	{"UserProfile", "enforcement_actions", bothMajors},
}

func allowed(owner, member string) bool {
	return slices.ContainsFunc(extras, func(e extra) bool { return e.owner == owner && e.member == member })
}

// newValues are union variants and enum values of SDK v2 that SDK v1 cannot
// name, for the reason of bothMajors. The v2 judges still hold them to their
// form.
var newValues = []string{
	"tool_use_limit_reached_error", "compaction_limit_reached_error", // session.error
	"external_key.failed", "external_key.recovered", "user_profile.program_status_updated", // webhooks
}

// forgiven drops what the v1 judges say of a value they are too old for.
func forgiven(found Violations) Violations {
	return slices.DeleteFunc(found, func(v Violation) bool {
		tooOld := strings.HasSuffix(v.Judge, " v1") && (strings.Contains(v.Text, "is no variant of") || strings.Contains(v.Text, "is not one of"))
		return tooOld && slices.ContainsFunc(newValues, func(name string) bool {
			before, _, _ := strings.Cut(v.Text, " is no")
			return strings.Contains(before, name)
		})
	})
}

// nullableCollection names the one required list of the API that may be null.
func nullableCollection(name string) bool { return name == "allowed_fallback_models" }
