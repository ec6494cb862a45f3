// Package resource holds the rules of session resources: which may be asked
// for where, at what path they appear, and what the session remembers of them
// (Managed Agents API: session resources). It does no I/O.
//
// A caller checks the request into a [Plan] with [Check] (or [CheckAdd] for one
// that is added later), gives the plan ids and seals its tokens with
// [Plan.Bind], and hands it to the store inside its transaction.
//
// The package may import wire, fault, ids, file and memory only.
package resource

import (
	"fmt"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/memory"
	"github.com/ostlerdev/ostler/internal/wire"
)

// MaxFiles is how many file resources a session may have.
const MaxFiles = 500

// MaxRepositories is how many repositories a session may have. The API names
// no limit; this one keeps a session startable.
const MaxRepositories = 50

// Environment is what the rules need to know of a session's environment.
type Environment struct {
	ID         string
	SelfHosted bool
}

// Options are the operator's choices.
type Options struct {
	// AllowedGitHosts are hosts besides github.com from which repositories
	// may be cloned: host, host:port, or either behind "http://" to allow
	// that host without TLS.
	AllowedGitHosts []string
}

// Check checks the resources of a session that is being created. A refusal
// names the place, such as resources[2].mount_path. Whether the files exist is
// checked by [Item.CheckSource] where the plan is carried out.
func Check(params []wire.ResourceParams, env Environment, opt Options) (Plan, error) {
	if err := checkEnvironment(params, env); err != nil {
		return Plan{}, err
	}
	var plan Plan
	taken := newPlaces()
	count := map[string]int{}
	for i := range params {
		at := fmt.Sprintf("resources[%d]", i)
		item, err := check(&params[i], opt)
		switch {
		case err != nil:
		case item.Memory != nil:
			err = takeStore(plan.Items, item.Memory.MemoryStoreID)
		default:
			err = taken.take(item.Type, item.MountPath)
		}
		if err != nil {
			return Plan{}, fault.Under(at, err)
		}
		if count[item.Type]++; count[item.Type] > limit(item.Type) {
			return Plan{}, fault.At("resources", "a session may have at most %d resources of type `%s`", limit(item.Type), item.Type)
		}
		item.Path = at
		plan.Items = append(plan.Items, item)
	}
	return plan, nil
}

// CheckAdd checks a resource that is added to a session which has some
// already. Only files can be added (Managed Agents API: session resources).
func CheckAdd(params *wire.ResourceParams, have []wire.Resource, env Environment, opt Options) (Plan, error) {
	if err := checkEnvironment([]wire.ResourceParams{*params}, env); err != nil {
		return Plan{}, err
	}
	if params.File == nil {
		return Plan{}, fault.At("type", "only a `file` can be added to a session; other resources are attached when it is created")
	}
	item, err := check(params, opt)
	if err != nil {
		return Plan{}, err
	}
	taken := newPlaces()
	files := 0
	for _, r := range have {
		if r.ResourceType() == wire.ResourceMemoryStore {
			continue // where nothing else may lie
		}
		taken.mark(r.ResourceType(), r.ResourceMountPath())
		if r.ResourceType() == wire.ResourceFile {
			files++
		}
	}
	if files >= MaxFiles {
		return Plan{}, fault.New(fault.Invalid, "the session has %d file resources, the most it may have", files)
	}
	if err := taken.take(item.Type, item.MountPath); err != nil {
		return Plan{}, err
	}
	return Plan{Items: []Item{item}}, nil
}

// checkEnvironment refuses what a self-hosted environment can't have, with the
// hosted service's own text.
func checkEnvironment(params []wire.ResourceParams, env Environment) error {
	if !env.SelfHosted {
		return nil
	}
	for _, p := range params {
		if p.MemoryStore == nil {
			return fault.New(fault.Invalid, "Environment %s is a self-hosted environment. "+
				"`resources` are not supported with self-hosted environments.", env.ID)
		}
	}
	return nil
}

func check(p *wire.ResourceParams, opt Options) (Item, error) {
	switch {
	case p.File != nil:
		return checkFile(p.File)
	case p.GitHubRepository != nil:
		return checkRepository(p.GitHubRepository, opt)
	}
	return checkMemoryStore(p.MemoryStore)
}

func checkFile(p *wire.FileResourceParams) (Item, error) {
	id, err := required(p.FileID, "file_id", 128)
	if err != nil {
		return Item{}, err
	}
	if p.MountPath.Set && !p.MountPath.Null {
		if _, err := Place(p.MountPath.Value); err != nil {
			return Item{}, fault.Under("mount_path", err)
		}
		return Item{Type: wire.ResourceFile, FileID: id, MountPath: p.MountPath.Value}, nil
	}
	path := Uploads + "/" + id
	if _, err := Place(path); err != nil { // no stored id looks like that
		return Item{}, noFile("file_id", id)
	}
	return Item{Type: wire.ResourceFile, FileID: id, MountPath: path}, nil
}

func limit(typ string) int {
	switch typ {
	case wire.ResourceFile:
		return MaxFiles
	case wire.ResourceMemoryStore:
		return memory.MaxAttached
	}
	return MaxRepositories
}

// required is the value of a field that must be there, of 1 to max bytes.
func required(o wire.Opt[string], field string, max int) (string, error) {
	switch {
	case !o.Set:
		return "", fault.At(field, "field required")
	case o.Null:
		return "", fault.At(field, "expected a string")
	case o.Value == "" || len(o.Value) > max:
		return "", fault.At(field, "must have 1 to %d characters", max)
	}
	return o.Value, nil
}

func noFile(path, id string) error { return fault.At(path, "File `%s` not found.", id) }
