package wire

// The shapes of the Skills API before August 2026, for requests that name the
// beta skills-2025-10-02.

// OldSkill is a Skill.
type OldSkill struct {
	ID            string `json:"id"`
	Type          string `json:"type"` // skill
	DisplayTitle  string `json:"display_title"`
	LatestVersion string `json:"latest_version"` // an OldSkillVersion.Version
	Source        string `json:"source"`         // custom or anthropic
	CreatedAt     Time   `json:"created_at"`
	UpdatedAt     Time   `json:"updated_at"`
}

// OldSkillVersion is a SkillVersion. Version addresses it in paths:
// microseconds since 1970, or the date of a prebuilt skill.
type OldSkillVersion struct {
	ID          string `json:"id"`
	Type        string `json:"type"` // skill_version
	SkillID     string `json:"skill_id"`
	Version     string `json:"version"`
	Directory   string `json:"directory"`
	Name        string `json:"name"`
	Description string `json:"description"`
	CreatedAt   Time   `json:"created_at"`
}

// OldPage is a page of a list of skills or their versions.
type OldPage[T any] struct {
	Data     []T     `json:"data"`
	HasMore  bool    `json:"has_more"`
	NextPage *string `json:"next_page"`
}
