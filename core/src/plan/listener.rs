//! NLB listeners: a port and the target group behind it.

use std::collections::BTreeSet;
use std::fmt;

use super::Effect;
use crate::model::{Answer, Forward, Listener, ListenerArn, LoadBalancerArn, Observed, Part, Port, Seen, Tags};

/// `tcp.idle_timeout.seconds` of a new NLB listener.
pub const DEFAULT_IDLE_TIMEOUT_SECONDS: u32 = 350;

/// A write to an NLB listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Make it: TCP.
    Create {
        /// The load balancer.
        load_balancer: LoadBalancerArn,
        /// Its port.
        port: Port,
        /// Where it leads.
        forward: Forward,
        /// All tags.
        tags: Tags,
    },
    /// Lead elsewhere; makes it TCP if somebody made it otherwise.
    SetForward {
        /// Its port.
        port: Port,
        /// Its ARN.
        arn: ListenerArn,
        /// Where it leads.
        forward: Forward,
    },
    /// Change the idle timeout.
    SetIdleTimeout {
        /// Its port.
        port: Port,
        /// Its ARN.
        arn: ListenerArn,
        /// 60 to 6000.
        seconds: u32,
    },
    /// Delete it.
    Delete {
        /// Its port.
        port: Port,
        /// Its ARN.
        arn: ListenerArn,
    },
}

impl Change {
    fn port(&self) -> Port {
        match self {
            Self::Create { port, .. }
            | Self::SetForward { port, .. }
            | Self::SetIdleTimeout { port, .. }
            | Self::Delete { port, .. } => *port,
        }
    }

    fn update(&self, observed: &mut Observed, change: impl FnOnce(&mut Listener)) {
        observed.load_balancer.with(|lb| {
            lb.listeners.update(|listeners| {
                if let Some(listener) = listeners.get_mut(&self.port()) {
                    change(listener);
                }
            });
        });
    }
}

impl super::Change for Change {
    fn absorb(&self, observed: &mut Observed, answer: &Answer) {
        match (self, answer) {
            (Self::Create { port, forward, .. }, Answer::Listener(arn)) => {
                let made = Listener {
                    arn: arn.clone(),
                    tcp: true,
                    forward: forward.clone(),
                    idle_timeout_seconds: Seen::Read(DEFAULT_IDLE_TIMEOUT_SECONDS),
                    // ELB answers a create with a listener that was there with the same settings.
                    tags: Seen::Unread,
                };
                observed.load_balancer.with(|lb| {
                    lb.listeners.update(|listeners| {
                        listeners.insert(*port, made);
                    });
                });
            }
            (Self::Create { .. }, _) => self.forget(observed),
            (Self::SetForward { forward, .. }, _) => self.update(observed, |listener| {
                listener.forward.clone_from(forward);
                listener.tcp = true;
            }),
            (Self::SetIdleTimeout { seconds, .. }, _) => {
                self.update(observed, |listener| listener.idle_timeout_seconds = Seen::Read(*seconds));
            }
            (Self::Delete { port, .. }, _) => observed.load_balancer.with(|lb| {
                lb.listeners.update(|listeners| {
                    listeners.remove(port);
                });
            }),
        }
    }

    fn forget(&self, observed: &mut Observed) {
        match self {
            Self::SetIdleTimeout { .. } => {
                self.update(observed, |listener| listener.idle_timeout_seconds = Seen::Unread)
            }
            _ => observed.load_balancer.with(|lb| lb.listeners = Seen::Unread),
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Create { .. } => Effect::Opens,
            Self::SetIdleTimeout { .. } => Effect::Neutral,
            Self::SetForward { .. } | Self::Delete { .. } => Effect::Closes,
        }
    }

    fn parts(&self) -> BTreeSet<Part> {
        match self {
            Self::SetIdleTimeout { port, .. } => [Part::LoadBalancer, Part::ListenerAttributes(*port)].into(),
            _ => [Part::LoadBalancer].into(),
        }
    }

    fn sign(&self) -> char {
        match self {
            Self::Create { .. } => '+',
            Self::SetForward { .. } | Self::SetIdleTimeout { .. } => '~',
            Self::Delete { .. } => '-',
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leads = |forward: &Forward| {
            let short = |arn: &str| arn.split('/').nth(1).unwrap_or(arn).to_owned();
            match forward.len() {
                1 => forward.keys().map(|arn| short(arn.as_str())).collect(),
                _ => forward
                    .iter()
                    .map(|(arn, weight)| format!("{} (weight {weight})", short(arn.as_str())))
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        };
        match self {
            Self::Create { port, forward, .. } => write!(f, "NLB listener {port} to {}", leads(forward)),
            Self::SetForward { port, forward, .. } => write!(f, "NLB listener {port} to {}", leads(forward)),
            Self::SetIdleTimeout { port, seconds, .. } => write!(f, "idle timeout of NLB listener {port}: {seconds} s"),
            Self::Delete { port, .. } => write!(f, "NLB listener {port}"),
        }
    }
}
