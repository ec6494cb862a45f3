package agent

import (
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	maxModelID = 256
	maxGeo     = 64
)

// resolveModel is the model that a request leads to. It replaces the whole
// old one, but an omitted effort keeps the old effort if the model id stays
// (Managed Agents API: agents, "Update"). old is nil where nothing is kept.
func resolveModel(p wire.Opt[wire.ModelParam], old *wire.ModelConfig, m Models) (wire.ModelConfig, error) {
	var c wire.ModelConfig
	if p.Null {
		return c, fault.At("model", "expected a model id or an object")
	}
	v := p.Value
	if err := checkLength("model.id", v.ID.Value, maxModelID); err != nil {
		return c, err
	}
	c.ID = v.ID.Value
	switch {
	case v.Effort.Set && !v.Effort.Null:
		c.Effort.Type = v.Effort.Value.Type
		if !oneOf(c.Effort.Type, "low", "medium", "high", "xhigh", "max") {
			return c, fault.At("model.effort", "`%s` is not one of `low`, `medium`, `high`, `xhigh`, `max`", c.Effort.Type)
		}
	case old != nil && old.ID == c.ID:
		c.Effort = old.Effort
	default:
		c.Effort.Type = m.DefaultEffort(c.ID)
	}
	c.Speed = "standard"
	if v.Speed.Set && !v.Speed.Null {
		if c.Speed = v.Speed.Value; !oneOf(c.Speed, "standard", "fast") {
			return c, fault.At("model.speed", "`%s` is not one of `standard`, `fast`", c.Speed)
		}
	}
	if v.InferenceGeo.Set && !v.InferenceGeo.Null {
		if err := checkLength("model.inference_geo", v.InferenceGeo.Value, maxGeo); err != nil {
			return c, err
		}
		c.InferenceGeo = &v.InferenceGeo.Value
	}
	effort := ""
	if v.Effort.Set && !v.Effort.Null {
		effort = c.Effort.Type
	}
	if err := m.Check(c.ID, effort, c.Speed); err != nil {
		return c, modelFault(err)
	}
	return c, nil
}

// modelFault puts the field that the error of Models.Check begins with into
// the path.
func modelFault(err error) error {
	if field, rest, ok := strings.Cut(err.Error(), ":"); ok && oneOf(field, "id", "effort", "speed") {
		return fault.At("model."+field, "%s", strings.TrimSpace(rest))
	}
	return fault.At("model", "%s", err.Error())
}

func oneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}
