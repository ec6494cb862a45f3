package api

import (
	"net/http"
	"slices"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/model"
)

// modelPage is a page of the list of models, which has ids for cursors.
type modelPage struct {
	Data    []model.Info `json:"data"`
	HasMore bool         `json:"has_more"`
	FirstID *string      `json:"first_id"`
	LastID  *string      `json:"last_id"`
}

func (s *Server) listModels(w http.ResponseWriter, r *http.Request) error {
	q := newQuery(r)
	limit := int(q.integer("limit", 20, 1, 1000))
	after, before, lifecycle := q.text("after_id"), q.text("before_id"), q.list("lifecycle")
	if q.err != nil {
		return q.err
	}
	if len(lifecycle) == 0 {
		lifecycle = []string{"active", "deprecated"}
	}
	if len(lifecycle) > 3 {
		return fault.At("lifecycle", "at most 3 values, got %d", len(lifecycle))
	}
	for _, l := range lifecycle {
		if l != "active" && l != "deprecated" && l != "retired" {
			return fault.At("lifecycle", "`%s` is not one of `active`, `deprecated`, `retired`", l)
		}
	}
	models := slices.DeleteFunc(slices.Clone(s.Models.List()), func(m model.Info) bool {
		return !slices.Contains(lifecycle, string(m.Lifecycle))
	})
	position := func(name, id string) (int, error) {
		i := slices.IndexFunc(models, func(m model.Info) bool { return m.ID == id })
		if i < 0 {
			return 0, fault.At(name, "no model `%s` in this list", id)
		}
		return i, nil
	}
	out := modelPage{}
	switch {
	case after != "" && before != "":
		return fault.At("before_id", "allowed only without `after_id`")
	case before != "":
		i, err := position("before_id", before)
		if err != nil {
			return err
		}
		models = models[:i]
		out.HasMore = len(models) > limit
		models = models[max(0, len(models)-limit):]
	default:
		if after != "" {
			i, err := position("after_id", after)
			if err != nil {
				return err
			}
			models = models[i+1:]
		}
		out.HasMore = len(models) > limit
		models = models[:min(limit, len(models))]
	}
	out.Data = models
	if n := len(models); n > 0 {
		out.FirstID, out.LastID = &models[0].ID, &models[n-1].ID
	}
	return s.writeJSON(w, out)
}

func (s *Server) getModel(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("model_id")
	m, ok := s.Models.Get(id)
	if !ok {
		return fault.Missing("Model", id)
	}
	return s.writeJSON(w, m)
}
