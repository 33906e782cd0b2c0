//! A step: one write, with concrete ids.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Answer, CROSS_ZONE, Observed, Outcome, OwnKind, Part, TargetGroupArn, Urgency};

use super::{
    broker_group, broker_group_rule, connection, endpoint_service, gateway_endpoint, listener, load_balancer,
    node_instance, node_interface, route_table, security_group, subnet, tagging, target_group, volume, vpc,
};

macro_rules! steps {
    ($($(#[$doc:meta])* $kind:ident = $module:ident,)+) => {
        /// One write. Every id in it was observed; the executor has nothing to decide.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
        #[strum(serialize_all = "snake_case")]
        pub enum Step {
            $($(#[$doc])* $kind($module::Change),)+
        }

        impl Step {
            /// The change of whatever kind.
            #[must_use]
            pub fn change(&self) -> &dyn Change {
                match self {
                    $(Self::$kind(change) => change,)+
                }
            }

            /// What kind of thing it writes to, and what it does there: `target_group`, `set_attributes`.
            #[must_use]
            pub fn labels(&self) -> (&'static str, &'static str) {
                let change = match self {
                    $(Self::$kind(change) => change.into(),)+
                };
                (self.into(), change)
            }
        }

        $(impl From<$module::Change> for Step {
            fn from(change: $module::Change) -> Self {
                Self::$kind(change)
            }
        })+
    };
}

steps! {
    /// A VPC of ours.
    Vpc = vpc,
    /// A route table of ours.
    RouteTable = route_table,
    /// A gateway endpoint of ours.
    GatewayEndpoint = gateway_endpoint,
    /// The security group of the nodes.
    BrokerGroup = broker_group,
    /// A node's network interface.
    NodeInterface = node_interface,
    /// A node's volume.
    Volume = volume,
    /// A node's instance.
    NodeInstance = node_instance,
    /// A subnet of ours.
    Subnet = subnet,
    /// The security group and its rules.
    SecurityGroup = security_group,
    /// A rule of ours in a broker's group.
    BrokerGroupRule = broker_group_rule,
    /// A target group.
    TargetGroup = target_group,
    /// The load balancer.
    LoadBalancer = load_balancer,
    /// An NLB listener.
    Listener = listener,
    /// The endpoint service and its principals.
    EndpointService = endpoint_service,
    /// Connections.
    Connection = connection,
    /// Tags of something that is ours.
    Tagging = tagging,
}

/// What a step can do to traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It can only let more through.
    Opens,
    /// It can take something away: never decided on a kept picture.
    Closes,
    /// Neither.
    Neutral,
}

/// What every kind's change can do; the enums stay closed.
pub trait Change: fmt::Display {
    /// Records what AWS acknowledged: never the state that it will lead to.
    fn absorb(&self, observed: &mut Observed, answer: &Answer);
    /// Puts in doubt what this change touches: neither there nor gone.
    fn forget(&self, observed: &mut Observed);
    /// What it can do to traffic.
    fn effect(&self) -> Effect;
    /// What has to be read when its outcome is in doubt.
    fn parts(&self) -> BTreeSet<Part>;
    /// `+`, `~` or `-`.
    fn sign(&self) -> char;
    /// Which kind of what is known by its tags alone it makes.
    fn makes(&self) -> Option<OwnKind> {
        None
    }
}

impl Step {
    /// The target group to whose targets the nodes of other zones lead no more.
    pub(crate) fn keeps_targets_to_their_zone(&self) -> Option<&TargetGroupArn> {
        match self {
            Self::TargetGroup(target_group::Change::SetAttributes { arn, attributes, .. }) => {
                attributes.get(CROSS_ZONE).filter(|on| *on == "false").map(|_| arn)
            }
            _ => None,
        }
    }

    /// How urgent it is in a pass of this urgency: a consumer at the door never waits for our own work.
    #[must_use]
    pub fn urgency(&self, of_the_pass: Urgency) -> Urgency {
        match self {
            Self::Connection(_) => Urgency::Release,
            _ => of_the_pass,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.change().sign(), self.change())
    }
}

/// Folds what became of a step into the picture.
///
/// # Guarantees
/// What AWS acknowledged is recorded as acknowledged: a new load balancer provisions, a target is
/// initial, tags are unread. What it refused because our picture is wrong, and what we heard nothing of,
/// is forgotten, not guessed.
pub fn absorb(observed: &mut Observed, step: &Step, outcome: &Outcome) {
    use crate::model::ErrorClass::{AlreadyExists, NotFound};
    match outcome {
        Outcome::Done(answer) => step.change().absorb(observed, answer),
        Outcome::Refused(failure) if !matches!(failure.class, AlreadyExists | NotFound) => {}
        Outcome::Refused(_) | Outcome::Lost(_) => step.change().forget(observed),
    }
}
