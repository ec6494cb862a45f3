package wire

import "github.com/go-json-experiment/json/jsontext"

// EnvironmentParams is the body of POST /v1/environments and of an update
// (POST /v1/environments/{id}).
type EnvironmentParams struct {
	Name        Opt[string]                 `json:"name"`
	Description Opt[string]                 `json:"description"`
	Config      Opt[EnvironmentConfigParam] `json:"config"`
	Metadata    Opt[MetadataPatch]          `json:"metadata"`
	Scope       Opt[string]                 `json:"scope"`
}

// EnvironmentConfigParam is config in a request. Exactly one field is set.
type EnvironmentConfigParam struct {
	Cloud      *CloudConfigParam
	SelfHosted *SelfHostedConfigParam
}

// CloudConfigParam is the config of a cloud environment in a request. null is
// as good as absent, here and in its parts.
type CloudConfigParam struct {
	Type       string               `json:"type"`
	Networking Opt[NetworkingParam] `json:"networking"`
	Packages   Opt[PackagesParam]   `json:"packages"`
}

// SelfHostedConfigParam is the config of a self-hosted environment.
type SelfHostedConfigParam struct {
	Type string `json:"type"`
}

// NetworkingParam is networking in a request. Limited is nil for
// unrestricted.
type NetworkingParam struct {
	Limited *LimitedNetworkParam
}

// LimitedNetworkParam is limited networking in a request.
type LimitedNetworkParam struct {
	Type                 string        `json:"type"`
	AllowedHosts         Opt[[]string] `json:"allowed_hosts"`
	AllowMCPServers      Opt[bool]     `json:"allow_mcp_servers"`
	AllowPackageManagers Opt[bool]     `json:"allow_package_managers"`
}

// PackagesParam is packages in a request.
type PackagesParam struct {
	Type  Opt[string]   `json:"type"`
	Apt   Opt[[]string] `json:"apt"`
	Cargo Opt[[]string] `json:"cargo"`
	Gem   Opt[[]string] `json:"gem"`
	Go    Opt[[]string] `json:"go"`
	Npm   Opt[[]string] `json:"npm"`
	Pip   Opt[[]string] `json:"pip"`
}

// Lists are the package lists in the order of Packages.Lists.
func (p *PackagesParam) Lists() []Opt[[]string] {
	return []Opt[[]string]{p.Apt, p.Cargo, p.Gem, p.Go, p.Npm, p.Pip}
}

// UnmarshalJSONFrom decodes the variant that type names.
func (p *EnvironmentConfigParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	_, err := DecodeUnion(dec, "`cloud`, `self_hosted`", func(typ string) any {
		switch typ {
		case TypeCloud:
			p.Cloud = new(CloudConfigParam)
			return p.Cloud
		case TypeSelfHosted:
			p.SelfHosted = new(SelfHostedConfigParam)
			return p.SelfHosted
		}
		return nil
	})
	return err
}

// UnmarshalJSONFrom decodes the variant that type names.
func (p *NetworkingParam) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	_, err := DecodeUnion(dec, "`unrestricted`, `limited`", func(typ string) any {
		switch typ {
		case TypeUnrestricted:
			return new(struct {
				Type string `json:"type"`
			})
		case TypeLimited:
			p.Limited = new(LimitedNetworkParam)
			return p.Limited
		}
		return nil
	})
	return err
}
