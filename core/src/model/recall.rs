//! What a process remembers from one look to the next. Losing it costs time, never correctness.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{ConnectionState, EndpointId, EndpointService, Find, Observed, Seen, SubnetId, Timing};

/// Memory of one object's reconciler.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Recall {
    /// When we made something last: what AWS does not find just then may be lag.
    pub made: Option<Timestamp>,
    /// Creates that AWS refused because something is there already, and since when.
    pub clashes: BTreeMap<String, Clash>,
    /// Closing steps that the look before this one planned because of a failed health check.
    pub seconded: BTreeSet<String>,
    /// The last attempt to have the service offer zones that were added.
    pub offered_again: Option<OfferedAgain>,
    /// Attributes of target groups that AWS does not take.
    pub refused_attributes: BTreeSet<String>,
    /// Those that it may have meant when it refused several: set by themselves from then on.
    pub suspected_attributes: BTreeSet<String>,
    /// Whether AWS refused the last step that takes a way from clients: what opens another does not wait for it then.
    pub narrowing_refused: bool,
    /// Creates for which AWS takes neither a name nor a token, and when each was sent: what it made may not be seen
    /// yet, and a second one is not asked for meanwhile.
    pub unnamed: BTreeMap<String, Timestamp>,
    /// The token of the endpoint service that we asked for last, and when.
    pub service_asked: Option<(String, Timestamp)>,
    /// Client tokens of endpoint services that AWS answers with a dead service, or with one that never shows.
    pub burnt_tokens: BTreeSet<String>,
    /// Endpoints that were let in: one that reads as still asking was read too late.
    pub let_in: BTreeSet<EndpointId>,
}

/// A create that AWS refuses because something is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Since when.
    pub since: Timestamp,
    /// Longer than lag explains.
    pub lasting: bool,
}

/// An attempt to have the service offer zones that were added to its load balancer: once for as long as that keeps
/// its subnets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedAgain {
    /// The load balancer's subnets at that time.
    pub subnets: BTreeSet<SubnetId>,
    /// When.
    pub since: Timestamp,
    /// The service did not follow in time.
    pub in_vain: bool,
}

impl Recall {
    /// Judges by a new look what time has shown.
    pub fn age(&mut self, observed: &Observed, timing: &Timing) {
        let at = observed.at;
        self.not_after(at);
        self.unnamed.retain(|_, sent| at.duration_since(*sent) < timing.lag);
        for clash in self.clashes.values_mut() {
            clash.lasting = at.duration_since(clash.since) >= timing.unseen_clash;
        }
        // Zones that came or went since, or that the picture lacked then, are to be offered anew.
        let moved = |offered: &OfferedAgain| {
            observed.load_balancer.there().is_some_and(|lb| !lb.subnets.keys().eq(&offered.subnets))
        };
        self.offered_again.take_if(|offered| moved(offered));
        if let Some(offered) = &mut self.offered_again {
            offered.in_vain = at.duration_since(offered.since) >= timing.zones_follow;
        }
        match observed.endpoint_service.find() {
            Find::There(_) => self.service_asked = None,
            Find::Gone => {
                let overdue = |(_, asked): &(String, Timestamp)| at.duration_since(*asked) >= timing.lag;
                if let Some((token, _)) = self.service_asked.take_if(|asked| overdue(asked)) {
                    self.burnt_tokens.insert(token);
                }
            }
            Find::Unknown => {}
        }
    }

    /// No connection waits for our yes again once it had it: a read that says so is an older one than the one before,
    /// and who rejects it cuts a consumer off.
    pub fn correct(&mut self, service: &mut Seen<Option<EndpointService>>) {
        service.with(|service| {
            service.connections.update(|connections| {
                self.let_in.retain(|id| connections.contains_key(id));
                for (id, connection) in connections {
                    match connection.state {
                        ConnectionState::Pending | ConnectionState::Available => {
                            self.let_in.insert(id.clone());
                        }
                        ConnectionState::PendingAcceptance if self.let_in.contains(id) => {
                            connection.state = ConnectionState::Pending;
                        }
                        _ => {}
                    }
                }
            });
        });
    }

    /// A clock that was put back must not make anything wait until it has caught up.
    fn not_after(&mut self, at: Timestamp) {
        let made = self.made.iter_mut();
        let clashes = self.clashes.values_mut().map(|clash| &mut clash.since);
        let offered = self.offered_again.iter_mut().map(|offered| &mut offered.since);
        let unnamed = self.unnamed.values_mut();
        let asked = self.service_asked.iter_mut().map(|(_, asked)| asked);
        made.chain(clashes).chain(offered).chain(unnamed).chain(asked).for_each(|since| *since = at.min(*since));
    }

    /// Whether something that we made may not be seen by AWS yet.
    #[must_use]
    pub fn may_lag(&self, at: Timestamp, timing: &Timing) -> bool {
        self.made.is_some_and(|made| at.duration_since(made) < timing.lag)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Connection, InboundRules, LoadBalancer, LoadBalancerState, ServiceState};
    use super::*;

    const ENDPOINT: &str = "vpce-1";

    fn service(state: ConnectionState) -> Seen<Option<EndpointService>> {
        let connection = Connection { account: "123456789012".into(), state, since: None };
        Seen::Read(Some(EndpointService {
            id: "vpce-svc-1".into(),
            name: "name".into(),
            state: ServiceState::Available,
            load_balancers: BTreeSet::new(),
            acceptance_required: true,
            zones: Seen::Unread,
            tags: Seen::Unread,
            principals: Seen::Unread,
            connections: Seen::Read([(ENDPOINT.into(), connection)].into()),
        }))
    }

    /// What the picture says of the connection after such looks, one after the other.
    fn looks(states: &[ConnectionState]) -> ConnectionState {
        let mut recall = Recall::default();
        let mut said = ConnectionState::Unknown;
        for state in states {
            let mut service = service(*state);
            recall.correct(&mut service);
            service.with(|service| {
                service.connections.update(|connections| said = connections[&ENDPOINT.into()].state);
            });
        }
        said
    }

    #[test]
    fn who_was_let_in_does_not_ask_again() {
        use ConnectionState::{Available, Deleted, Pending, PendingAcceptance, Rejected};
        assert_eq!(looks(&[PendingAcceptance]), PendingAcceptance);
        assert_eq!(looks(&[Available, PendingAcceptance]), Pending);
        assert_eq!(looks(&[Pending, PendingAcceptance, PendingAcceptance]), Pending);
        assert_eq!(looks(&[Available, Rejected]), Rejected);
        assert_eq!(looks(&[Available, Deleted]), Deleted);
    }

    fn seen(subnets: &[&str]) -> Observed {
        let mut observed = Observed::unread(Timestamp::UNIX_EPOCH);
        observed.load_balancer = Seen::Read(Some(LoadBalancer {
            arn: "arn".into(),
            dns_name: "dns".into(),
            state: LoadBalancerState::Active,
            subnets: subnets.iter().map(|id| ((*id).into(), "us-west-2a".into())).collect(),
            security_groups: BTreeSet::new(),
            inbound_rules: InboundRules::Enforced,
            tags: Seen::Unread,
            attributes: Seen::Unread,
            listeners: Seen::Unread,
        }));
        observed
    }

    #[test]
    fn zones_are_offered_anew_after_the_load_balancer_had_others() {
        let subnets = ["subnet-1".into(), "subnet-2".into()].into();
        let offered = OfferedAgain { subnets, since: Timestamp::UNIX_EPOCH, in_vain: false };
        let mut recall = Recall { offered_again: Some(offered), ..Recall::default() };
        recall.age(&seen(&["subnet-1", "subnet-2"]), &Timing::default());
        assert!(recall.offered_again.is_some());
        recall.age(&seen(&["subnet-1"]), &Timing::default());
        assert_eq!(recall.offered_again, None);
    }
}
