package agent

import (
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

var serviceAccount = wire.ExecutionIdentity{Type: "service_account"}

// resolveIdentity is the principal of an agent; null is the default.
func resolveIdentity(p wire.Opt[wire.ExecutionIdentityParam]) (wire.ExecutionIdentity, error) {
	switch typ := p.Value.Type; {
	case p.Null:
		return serviceAccount, nil
	case typ == "aws_role":
		return serviceAccount, fault.At("execution_identity.type", "`aws_role` is not supported by this server, only `service_account`")
	case typ != serviceAccount.Type:
		return serviceAccount, fault.At("execution_identity.type", "`%s` is not one of `service_account`, `aws_role`", typ)
	case p.Value.RoleARN.Set:
		return serviceAccount, fault.At("execution_identity.role_arn", "unknown field")
	}
	return serviceAccount, nil
}
