//! What a candidate asks of the API server and makes of the answer, without I/O and without a clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::core::ObjectMeta;

use super::times::Times;

/// A candidate.
#[derive(Debug)]
pub(super) struct Candidate {
    name: String,
    identity: String,
    times: Times,
    /// What the lease said when it was read last, and since when it has said so.
    sight: Option<(LeaseSpec, Instant)>,
    /// As we wrote it last, while that is known to stand.
    ours: Option<Lease>,
    held_until: Option<Instant>,
}

/// What to ask of the API server.
#[derive(Debug)]
pub(super) enum Ask {
    /// What the lease says.
    Read,
    /// To take this one in place of the one that we wrote last.
    Renew(Box<Lease>),
}

impl Candidate {
    pub(super) fn new(name: String, identity: String, times: Times) -> Self {
        Self { name, identity, times, sight: None, ours: None, held_until: None }
    }

    /// Whether it holds the lease as far as it knows.
    pub(super) fn leads(&self) -> bool {
        self.held_until.is_some()
    }

    /// When it has to have renewed, if it holds the lease.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.held_until
    }

    /// The next request.
    pub(super) fn ask(&self, at: Timestamp) -> Ask {
        match &self.ours {
            Some(lease) => Ask::Renew(Box::new(self.renewed(lease.clone(), at))),
            None => Ask::Read,
        }
    }

    /// Makes of what was read what is to be written, if it may be.
    pub(super) fn saw(&mut self, found: Option<Lease>, now: Instant, at: Timestamp) -> Option<Lease> {
        let Some(lease) = found else {
            let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
            return Some(self.taken(Lease { metadata, spec: None }, at));
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let since = match &self.sight {
            Some((seen, since)) if *seen == spec => *since,
            _ => now,
        };
        let holder = spec.holder_identity.clone().unwrap_or_default();
        let whole = |seconds: i32| Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let lasts = spec.lease_duration_seconds.map_or(self.times.lease_duration, whole);
        self.sight = Some((spec, since));
        if holder == self.identity {
            return Some(self.renewed(lease, at));
        }
        if let Some(until) = &mut self.held_until {
            // Taken from us, by hand perhaps: there is nothing to wait for.
            *until = now.min(*until);
            return None;
        }
        let free = holder.is_empty() || now.duration_since(since) >= lasts;
        free.then(|| self.taken(lease, at))
    }

    /// The API server took what we wrote; it was sent at this moment.
    pub(super) fn wrote(&mut self, written: Lease, sent: Instant) {
        self.ours = Some(written);
        self.held_until = Some(sent + self.times.renew_deadline);
    }

    /// It did not, or nobody knows.
    pub(super) fn unwritten(&mut self) {
        self.ours = None;
    }

    /// What gives the lease up, if it is ours.
    pub(super) fn release(&mut self, at: Timestamp) -> Option<Lease> {
        let mut lease = self.ours.take()?;
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(String::new());
        // As client-go: who does not know an empty holder waits a second.
        spec.lease_duration_seconds = Some(1);
        spec.renew_time = Some(MicroTime(at));
        Some(lease)
    }

    /// How long to wait before the next try. The jitter (0 to 1) keeps candidates apart, and shortens: what is
    /// promised of a hand-over holds for the longest.
    pub(super) fn pause(&self, now: Instant, jitter: f64) -> Duration {
        let pause = self.times.retry_period.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0));
        // Not past the moment at which it is known to be lost.
        self.held_until.map_or(pause, |until| pause.min(until.saturating_duration_since(now)))
    }

    fn taken(&self, mut lease: Lease, at: Timestamp) -> Lease {
        let spec = lease.spec.get_or_insert_default();
        let changes = spec.lease_transitions.map_or(0, |changes| changes.saturating_add(1));
        spec.lease_transitions = Some(changes);
        spec.acquire_time = Some(MicroTime(at));
        self.renewed(lease, at)
    }

    fn renewed(&self, mut lease: Lease, at: Timestamp) -> Lease {
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(self.identity.clone());
        spec.lease_duration_seconds = Some(i32::try_from(self.times.lease_duration.as_secs()).unwrap_or(i32::MAX));
        spec.renew_time = Some(MicroTime(at));
        lease
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        lease_duration: Duration::from_secs(15),
        renew_deadline: Duration::from_secs(10),
        retry_period: Duration::from_secs(2),
    };

    fn candidate(identity: &str) -> Candidate {
        Candidate::new("lease".into(), identity.into(), TIMES)
    }

    fn holder(lease: &Lease) -> &str {
        lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()).expect("a holder")
    }

    #[test]
    fn nobody_held_it_yet() {
        let lease = candidate("a").saw(None, Instant::now(), Timestamp::UNIX_EPOCH).expect("it is free");
        assert_eq!((holder(&lease), lease.metadata.resource_version.as_deref()), ("a", None));
        assert_eq!(lease.spec.expect("a spec").lease_transitions, Some(0));
    }

    #[test]
    fn another_one_holds_it_until_it_has_said_nothing_for_the_lease_s_duration() {
        let (mut one, mut two) = (candidate("a"), candidate("b"));
        let start = Instant::now();
        // Its clock is wrong by far, and nobody cares.
        let mut lease = one.saw(None, start, Timestamp::UNIX_EPOCH).expect("it is free");
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(two.saw(Some(lease.clone()), after(100), Timestamp::MAX).is_none());
        assert!(two.saw(Some(lease.clone()), after(114), Timestamp::MAX).is_none());
        lease = one.renewed(lease, Timestamp::UNIX_EPOCH + Duration::from_secs(1));
        assert!(two.saw(Some(lease.clone()), after(115), Timestamp::MAX).is_none(), "it was renewed");
        assert!(two.saw(Some(lease.clone()), after(129), Timestamp::MAX).is_none());
        let taken = two.saw(Some(lease), after(130), Timestamp::MAX).expect("it expired");
        assert_eq!((holder(&taken), taken.spec.as_ref().and_then(|spec| spec.lease_transitions)), ("b", Some(1)));
    }

    #[test]
    fn what_was_given_up_is_free_at_once() {
        let (mut one, mut two) = (candidate("a"), candidate("b"));
        let now = Instant::now();
        let lease = one.saw(None, now, Timestamp::UNIX_EPOCH).expect("it is free");
        assert!(one.release(Timestamp::UNIX_EPOCH).is_none(), "nobody took it yet");
        one.wrote(lease, now);
        let released = one.release(Timestamp::UNIX_EPOCH).expect("it is ours");
        assert!(two.saw(Some(released), now, Timestamp::UNIX_EPOCH).is_some());
        assert!(one.release(Timestamp::UNIX_EPOCH).is_none(), "once");
    }

    #[test]
    fn what_somebody_took_is_lost_at_once() {
        let (mut one, two) = (candidate("a"), candidate("b"));
        let now = Instant::now();
        let lease = one.saw(None, now, Timestamp::UNIX_EPOCH).expect("it is free");
        one.wrote(lease.clone(), now);
        one.unwritten();
        let taken = two.taken(lease, Timestamp::UNIX_EPOCH);
        assert!(one.saw(Some(taken), now, Timestamp::UNIX_EPOCH).is_none());
        assert_eq!(one.held_until(), Some(now));
    }

    #[test]
    fn the_pause_ends_no_later_than_the_term() {
        let mut one = candidate("a");
        let now = Instant::now();
        assert_eq!(one.pause(now, 0.0), Duration::from_secs(2));
        assert_eq!(one.pause(now, 1.0), Duration::from_millis(1600));
        one.wrote(Lease::default(), now);
        assert_eq!(one.pause(now + Duration::from_secs(9), 0.0), Duration::from_secs(1));
        assert_eq!(one.pause(now + Duration::from_secs(11), 0.0), Duration::ZERO);
    }
}
