//! What became of a step or a read.

use std::fmt;
use std::net::Ipv4Addr;

use super::{
    InterfaceId, ListenerArn, LoadBalancer, OwnId, RouteAssociationId, SecurityGroupId, SecurityGroupRuleId, ServiceId,
    ServiceState, Subnet, TargetGroupArn,
};

/// What a failed call means for what we do next. One table turns AWS's codes into these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// Something with this name, port or permission is there already: look again.
    AlreadyExists,
    /// Something still refers to it: look again.
    InUse,
    /// It is gone: look again.
    NotFound,
    /// AWS does not see yet what we just made: the same again in some seconds.
    Lag,
    /// Too many calls.
    Throttled,
    /// AWS or the network failed; the same again, later.
    Transient,
    /// A right is missing.
    Denied,
    /// A limit of the account is reached.
    Quota,
    /// AWS will not take this request, however often it is sent.
    Invalid,
}

impl ErrorClass {
    /// Whether only a person can mend it.
    #[must_use]
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Denied | Self::Quota | Self::Invalid)
    }
}

/// A call that AWS refused, or of which we heard nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub class: ErrorClass,
    /// The API call, such as `ec2:CreateSubnet`: also the name of the right that it needs.
    pub operation: &'static str,
    /// AWS's code; empty when nothing was answered.
    pub code: String,
    /// AWS's own words.
    pub message: String,
    /// For a support case.
    pub request_id: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, operation, code, message, request_id: _ } = self;
        match class {
            // Nothing was sent: the credentials themselves are missing or expired.
            ErrorClass::Denied if code.is_empty() => write!(f, "{operation}: no valid AWS credentials: {message}"),
            ErrorClass::Denied if code.contains("Expired") => {
                write!(f, "{operation}: the operator's AWS credentials have expired ({code}: {message})")
            }
            ErrorClass::Denied => {
                let lacks = lacking(message).filter(|action| action != operation);
                let lacks = lacks.unwrap_or("this action");
                write!(f, "{operation} is denied: the operator's role needs {lacks} ({code}: {message})")
            }
            ErrorClass::Quota => write!(f, "{operation}: a quota of the account is reached ({code}: {message})"),
            _ if code.is_empty() => write!(f, "{operation}: {message}"),
            _ => write!(f, "{operation}: {code}: {message}"),
        }
    }
}

/// The right that AWS names: a create may lack the one to tag.
fn lacking(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("is not authorized to perform: ")?;
    rest.split([' ', ',']).next().filter(|action| action.contains(':'))
}

/// What AWS made known by accepting a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing beyond yes.
    Accepted,
    /// The new one of a kind that is known by its tags alone.
    Own(OwnId),
    /// The new network interface, and the address that AWS chose.
    Interface(InterfaceId, Ipv4Addr),
    /// A route table routes a subnet.
    RouteAssociation(RouteAssociationId),
    /// The subnet as made.
    Subnet(Subnet),
    /// The new security group.
    SecurityGroup(SecurityGroupId),
    /// The new rule in a broker's group.
    BrokerGroupRule(SecurityGroupRuleId),
    /// The new target group.
    TargetGroup(TargetGroupArn),
    /// The load balancer as made; `tags`, `attributes` and `listeners` are not in AWS's answer.
    LoadBalancer(LoadBalancer),
    /// The new NLB listener.
    Listener(ListenerArn),
    /// The new endpoint service (or, for a repeated client token, the former one).
    EndpointService {
        /// Its id.
        id: ServiceId,
        /// Its name.
        name: String,
        /// Its state, as answered.
        state: ServiceState,
    },
}

/// `Done` and `Refused` are certain; `Lost` is not.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// AWS acknowledged it.
    Done(Answer),
    /// AWS said no; nothing was changed.
    Refused(Failure),
    /// No answer: it may have been done.
    Lost(Failure),
}

impl Outcome {
    /// The failure, unless it was done.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Done(_) => None,
            Self::Refused(failure) | Self::Lost(failure) => Some(failure),
        }
    }
}
