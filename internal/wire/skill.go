package wire

// Skill is a skill of the Skills API: a directory of instructions, scripts and
// data, in one or more versions.
type Skill struct {
	ID              string      `json:"id"`
	Type            string      `json:"type"` // skill
	DisplayName     string      `json:"display_name"`
	LatestVersionID string      `json:"latest_version_id"`
	Source          SkillSource `json:"source"`
	CreatedAt       Time        `json:"created_at"`
	UpdatedAt       Time        `json:"updated_at"`
}

// SkillSource says where a skill comes from.
type SkillSource struct {
	Type string `json:"type"` // custom or anthropic
}

// SkillVersion is a version of a skill. Its id addresses it in paths and pins
// it in agents.
type SkillVersion struct {
	ID          string `json:"id"`
	Type        string `json:"type"` // skill_version
	SkillID     string `json:"skill_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	CreatedAt   Time   `json:"created_at"`
}
