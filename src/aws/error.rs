//! From AWS's error codes to what they mean for us: one table, read from the top.

use kpl_core::model::ErrorClass;

use ErrorClass::{AlreadyExists, Denied, InUse, Invalid, NotFound, Quota, Throttled, Transient};

/// Code (`*` at one end stands for anything), words that the message must hold, class.
///
/// `Lag` is not among them: whether a missing id is one that we just made, only the core can know.
/// So codes that say "does not exist" in other words are `NotFound` here.
const CODES: &[(&str, &str, ErrorClass)] = &[
    // Before the patterns: they look like a quota, or like something missing.
    ("RequestLimitExceeded", "", Throttled),
    ("BandwidthLimitExceeded", "", Throttled),
    ("Throttl*", "", Throttled),
    ("RequestThrottled*", "", Throttled),
    ("EC2ThrottledException", "", Throttled),
    ("TooManyRequests*", "", Throttled),
    ("SlowDown", "", Throttled),
    ("PriorRequestNotComplete", "", Throttled),
    // Something is there already.
    ("InvalidGroup.Duplicate", "", AlreadyExists),
    ("InvalidPermission.Duplicate", "", AlreadyExists),
    ("InvalidSubnet.Conflict", "", AlreadyExists),
    ("DuplicateLoadBalancerName", "", AlreadyExists),
    ("DuplicateTargetGroupName", "", AlreadyExists),
    ("DuplicateListener", "", AlreadyExists),
    ("ResourceAlreadyAssociated", "", AlreadyExists),
    ("Resource.AlreadyAssociated", "", AlreadyExists),
    ("RouteAlreadyExists", "", AlreadyExists),
    ("IdempotentParameterMismatch", "", AlreadyExists),
    ("InvalidParameter", "already associated with another VPC Endpoint Service", AlreadyExists),
    // Something still refers to it.
    ("ResourceInUse", "", InUse),
    ("DependencyViolation", "", InUse),
    ("InvalidGroup.InUse", "", InUse),
    ("VolumeInUse", "", InUse),
    ("InvalidNetworkInterface.InUse", "", InUse),
    ("InvalidParameterValue", "currently in use", InUse),
    ("ExistingVpcEndpointConnections", "", InUse),
    ("TargetGroupAssociationLimit", "", InUse),
    // Gone, or in another state than our picture shows: look again.
    ("*NotFound", "", NotFound),
    ("InvalidSecurityGroup", "does not exist", NotFound),
    ("InvalidSecurityGroup", "not found", NotFound),
    ("InvalidSubnet", "does not exist", NotFound),
    ("InvalidSubnet", "not found", NotFound),
    ("InvalidTarget", "does not exist", NotFound),
    ("InvalidTarget", "do not exist", NotFound),
    ("InvalidTarget", "not found", NotFound),
    ("InvalidTarget", "running", NotFound),
    ("UnknownIpPermissions", "", NotFound),
    ("InvalidInstanceType", "", NotFound),
    // Wording unproved: a service over a load balancer that began to provision again meanwhile.
    ("InvalidParameter", "not active", NotFound),
    ("IncorrectState", "", NotFound),
    ("IncorrectInstanceState", "", NotFound),
    ("IncorrectState.*", "", NotFound),
    ("InvalidState", "", NotFound),
    ("InvalidVpcEndpointState", "", NotFound),
    // AWS's own trouble.
    ("InternalError", "", Transient),
    ("InternalFailure", "", Transient),
    ("InternalServerError", "", Transient),
    ("ServiceUnavailable*", "", Transient),
    ("Unavailable", "", Transient),
    ("HealthUnavailable", "", Transient),
    ("RequestTimeout*", "", Transient),
    ("RequestExpired", "", Transient),
    // Credentials and rights.
    ("UnauthorizedOperation", "", Denied),
    ("AccessDenied*", "", Denied),
    ("AuthFailure", "", Denied),
    ("ExpiredToken*", "", Denied),
    ("InvalidClientTokenId", "", Denied),
    ("UnrecognizedClient*", "", Denied),
    ("SignatureDoesNotMatch", "", Denied),
    ("InvalidSignature*", "", Denied),
    ("IncompleteSignature", "", Denied),
    ("MissingAuthenticationToken*", "", Denied),
    ("NotAuthorized*", "", Denied),
    ("OptInRequired", "", Denied),
    ("PendingVerification", "", Denied),
    ("Blocked", "", Denied),
    // Limits of the account.
    ("*LimitExceeded", "", Quota),
    ("InsufficientInstanceCapacity", "", Quota),
    ("InsufficientFreeAddressesInSubnet", "", Quota),
    ("TooMany*", "", Quota),
];

/// What a refusal means. A code that nobody has met yet is the request's fault below 500, AWS's from there on.
pub(super) fn class(code: &str, message: &str, status: Option<u16>) -> ErrorClass {
    let server = status.is_some_and(|status| status >= 500);
    CODES
        .iter()
        .find(|(pattern, words, _)| matches(pattern, code) && message.contains(words))
        .map_or(if server { Transient } else { Invalid }, |(_, _, class)| *class)
}

/// Whether AWS turned the request away unread because there were too many: such a one may be sent again
/// whatever it is.
pub(super) fn throttled(code: &str) -> bool {
    class(code, "", None) == Throttled
}

fn matches(pattern: &str, code: &str) -> bool {
    if let Some(end) = pattern.strip_prefix('*') {
        code.ends_with(end)
    } else if let Some(start) = pattern.strip_suffix('*') {
        code.starts_with(start)
    } else {
        pattern == code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_classes() {
        let table = [
            ("InvalidGroup.Duplicate", "", AlreadyExists),
            ("InvalidPermission.Duplicate", "", AlreadyExists),
            ("InvalidSubnet.Conflict", "", AlreadyExists),
            ("DuplicateListener", "", AlreadyExists),
            ("DuplicateTargetGroupName", "", AlreadyExists),
            ("DuplicateLoadBalancerName", "", AlreadyExists),
            ("IdempotentParameterMismatch", "", AlreadyExists),
            ("Resource.AlreadyAssociated", "", AlreadyExists),
            ("RouteAlreadyExists", "", AlreadyExists),
            ("InvalidRouteTableID.NotFound", "", NotFound),
            ("InvalidVpcEndpointId.NotFound", "", NotFound),
            (
                "InvalidParameter",
                "LBs are already associated with another VPC Endpoint Service Configuration",
                AlreadyExists,
            ),
            ("InvalidParameter", "Load balancer arn:lb is not active", NotFound),
            ("InvalidParameter", "Invalid CIDR", Invalid),
            ("ResourceInUse", "Load balancer is currently associated with another service", InUse),
            ("DependencyViolation", "", InUse),
            ("ExistingVpcEndpointConnections", "", InUse),
            ("VolumeInUse", "", InUse),
            ("InvalidNetworkInterface.InUse", "", InUse),
            ("InvalidParameterValue", "Network interface 'eni-1' is currently in use.", InUse),
            ("TargetGroupAssociationLimit", "", InUse),
            ("InvalidVpcEndpointService.NotFound", "", NotFound),
            ("InvalidVpcEndpointServiceId.NotFound", "", NotFound),
            ("InvalidGroup.NotFound", "", NotFound),
            ("InvalidSubnetID.NotFound", "", NotFound),
            ("InvalidVpcID.NotFound", "", NotFound),
            ("InvalidPermission.NotFound", "", NotFound),
            ("InvalidSecurityGroupRuleId.NotFound", "", NotFound),
            ("SubnetNotFound", "", NotFound),
            ("TargetGroupNotFound", "", NotFound),
            ("ListenerNotFound", "", NotFound),
            ("LoadBalancerNotFound", "", NotFound),
            ("InvalidVolume.NotFound", "", NotFound),
            ("InvalidInstanceID.NotFound", "", NotFound),
            ("IncorrectInstanceState", "", NotFound),
            ("InvalidInstanceType", "", NotFound),
            ("InvalidSecurityGroup", "One or more security groups does not exist", NotFound),
            ("InvalidSecurityGroup", "belongs to another VPC", Invalid),
            ("InvalidSubnet", "Not enough IP space available in subnet-1", Invalid),
            ("InvalidTarget", "The following targets are not in a running state", NotFound),
            ("InvalidTarget", "The target group is in another VPC", Invalid),
            ("ThrottlingException", "", Throttled),
            ("Throttling", "", Throttled),
            ("RequestLimitExceeded", "", Throttled),
            ("TooManyRequestsException", "", Throttled),
            ("InternalError", "", Transient),
            ("InternalFailure", "", Transient),
            ("Unavailable", "", Transient),
            ("HealthUnavailable", "", Transient),
            ("UnauthorizedOperation", "", Denied),
            ("AccessDenied", "", Denied),
            ("AccessDeniedException", "", Denied),
            ("ExpiredToken", "", Denied),
            ("ExpiredTokenException", "", Denied),
            ("InvalidClientTokenId", "", Denied),
            ("SecurityGroupLimitExceeded", "", Quota),
            ("RulesPerSecurityGroupLimitExceeded", "", Quota),
            ("SubnetLimitExceeded", "", Quota),
            ("VcpuLimitExceeded", "", Quota),
            ("InsufficientInstanceCapacity", "", Quota),
            ("InsufficientFreeAddressesInSubnet", "", Quota),
            ("TagLimitExceeded", "", Quota),
            ("TooManyLoadBalancers", "", Quota),
            ("TooManyTargetGroups", "", Quota),
            ("TooManyListeners", "", Quota),
            ("TooManyTargets", "", Quota),
            ("TooManyTags", "", Quota),
            ("OperationNotPermitted", "deletion protection is enabled", Invalid),
            ("InvalidConfigurationRequest", "", Invalid),
            ("ValidationError", "", Invalid),
            ("NobodyHasMetThis", "", Invalid),
        ];
        for (code, message, expected) in table {
            assert_eq!(class(code, message, Some(400)), expected, "{code} {message}");
        }
    }

    #[test]
    fn an_unknown_code_is_aws_s_fault_from_500_on() {
        assert_eq!(class("NobodyHasMetThis", "", Some(500)), Transient);
        assert_eq!(class("", "", Some(503)), Transient);
        assert_eq!(class("RequestLimitExceeded", "", Some(503)), Throttled);
    }
}
