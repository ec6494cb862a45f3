package search

import (
	"context"
	"errors"

	"github.com/ostlerdev/ostler/internal/model"
)

// Models search with the web search of a model's upstream; *model.Table does.
type Models interface {
	// Searches reports whether a model's upstream has a web search.
	Searches(model string) bool
	// WebSearch makes one search. A failure is a *model.Error, or ctx's error.
	WebSearch(ctx context.Context, s model.WebSearch) (*model.WebFound, error)
}

// upstream is the server tool web_search of the upstream that serves the
// agent's own model. Each search is a small model request of its own.
type upstream struct{ models Models }

func (u *upstream) Name() string             { return "model" }
func (u *upstream) Serves(model string) bool { return u.models.Searches(model) }

func (u *upstream) Search(ctx context.Context, q Query) (Answer, error) {
	s := model.WebSearch{Model: q.Model, Query: q.Text, Allowed: q.Domains.Allowed, Blocked: q.Domains.Blocked}
	if l := q.Location; l != nil {
		s.Location = &model.Location{City: l.City, Region: l.Region, Country: l.Country, Timezone: l.Timezone}
	}
	found, err := u.models.WebSearch(ctx, s)
	var failed *model.Error
	switch {
	case errors.As(err, &failed) && failed.Kind == model.KindRateLimited:
		return Answer{}, &Error{"too_many_requests", "the model's upstream asks to wait"}
	case err != nil:
		return Answer{}, err
	case found.ErrorCode != "":
		return Answer{}, &Error{found.ErrorCode, "the upstream's web search failed"}
	}
	out := Answer{Summary: found.Summary}
	for _, p := range found.Pages {
		out.Results = append(out.Results, Result{URL: p.URL, Title: p.Title, Text: dated(p.Age, p.Text)})
	}
	return out, nil
}
