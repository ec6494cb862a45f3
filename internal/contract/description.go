package contract

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Description is the OpenAPI description of one SDK major.
type Description struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`

	responses map[string]*schema // by "GET /v1/…"
	requests  map[string]*schema // likewise, JSON bodies
}

// The modules that carry a description.
const (
	moduleV1 = "github.com/anthropics/anthropic-sdk-go"
	moduleV2 = "github.com/anthropics/anthropic-sdk-go/v2"
)

// DescriptionV1 and DescriptionV2 read the descriptions of the two majors from
// the module cache, once. They fail where the module was never downloaded.
var (
	DescriptionV1 = sync.OnceValues(func() (*Description, error) { return loadDescription(moduleV1) })
	DescriptionV2 = sync.OnceValues(func() (*Description, error) { return loadDescription(moduleV2) })
)

// ModuleDir is the directory of a module of the build in the module cache.
func ModuleDir(module string) (string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("contract: where is %s: %w: %s", module, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func loadDescription(module string) (*Description, error) {
	dir, err := ModuleDir(module)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, "scripts", "mock-spec.json.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	d := &Description{}
	if err := json.NewDecoder(z).Decode(d); err != nil {
		return nil, fmt.Errorf("contract: description of %s: %w", module, err)
	}
	return d, d.index()
}

// index collects the bodies of all operations under "METHOD /path". Where a
// path is described twice, the form marked ?beta=true wins: the server cannot
// tell the two apart and answers with the richer one. User profiles are the
// exception: their beta form is an old dialect that a header selects.
func (d *Description) index() error {
	d.responses, d.requests = map[string]*schema{}, map[string]*schema{}
	for path, operations := range d.Paths {
		plain, isBeta := strings.CutSuffix(path, "?beta=true")
		for method, raw := range operations {
			if !isMethod(method) {
				continue
			}
			var op operation
			err := json.Unmarshal(raw, &op)
			if err != nil {
				return fmt.Errorf("contract: %s %s: %w", method, path, err)
			}
			route := strings.ToUpper(method) + " " + plain
			preferred := isBeta != strings.HasPrefix(plain, "/v1/user_profiles")
			keep(d.responses, route, op.Responses["200"].json(), preferred)
			keep(d.requests, route, op.RequestBody.json(), preferred)
		}
	}
	return nil
}

func keep(in map[string]*schema, route string, s *schema, preferred bool) {
	if _, ok := in[route]; s != nil && (preferred || !ok) {
		in[route] = s
	}
}

func isMethod(s string) bool {
	return s == "get" || s == "post" || s == "put" || s == "patch" || s == "delete"
}

// operation is what a description says of one method of a path.
type operation struct {
	RequestBody body            `json:"requestBody"`
	Responses   map[string]body `json:"responses"`
}

type body struct {
	Content map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

// json is the schema of a JSON body, nil if it is something else.
func (b body) json() *schema { return b.Content["application/json"].Schema }

func (d *Description) deref(ref string) *schema {
	s, ok := d.Components.Schemas[refName(ref)]
	if !ok {
		panic("contract: the description has no " + ref)
	}
	return s
}

// Schema holds body against the described answer of a route such as
// "POST /v1/agents/{agent_id}".
func (d *Description) Schema(route string, body []byte) Violations {
	s, ok := d.responses[route]
	if !ok {
		return Violations{{Text: "the description has no " + route}}
	}
	return d.check(s, body)
}

// Named holds body against a schema of the description by name.
func (d *Description) Named(name string, body []byte) Violations {
	return d.check(d.deref(name), body)
}

func (d *Description) check(s *schema, body []byte) Violations {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return Violations{{Text: "malformed JSON: " + err.Error()}}
	}
	c := &validator{spec: d}
	c.value("", v, s, "the answer")
	return c.found
}
