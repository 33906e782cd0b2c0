//! AWS's request limits, kept by the client: a call waits here for its tokens, so that AWS need not refuse it.
//!
//! A call takes a token from its action's bucket and, for ELB, one from the bucket of all ELB calls.
//! Whoever is more urgent goes first, then whoever came first; one that waits for its own bucket keeps
//! nobody from the shared one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use kpl_core::model::Urgency;
use tracing::debug;

use super::operation;

/// Whether calls wait for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RateLimits {
    /// As AWS publishes them, per account and region.
    Published,
    /// Calls go as they come, and AWS refuses what is too much.
    Off,
}

/// What AWS counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bucket {
    Elb,
    ElbReads,
    ElbWrites,
    ElbTargets,
    ElbHeavy,
    Ec2(&'static str),
}

/// Tokens at most, and how many come back in a second.
struct Rate {
    most: f64,
    per_second: f64,
}

/// The part of a bucket that we leave in it: calls do not reach AWS as evenly as they leave us.
const SPARE: f64 = 0.25;

impl Bucket {
    /// ELB: "Request throttling for the ELB API"; EC2: "Request throttling for the Amazon EC2 API".
    fn rate(self) -> Rate {
        let (most, per_second) = match self {
            Self::Elb | Self::ElbReads => (40.0, 10.0),
            Self::ElbWrites => (20.0, 3.0),
            Self::ElbTargets => (20.0, 4.0),
            Self::ElbHeavy => (10.0, 0.2),
            Self::Ec2(operation) => match operation {
                operation::CREATE_ENDPOINT_SERVICE
                | operation::MODIFY_ENDPOINT_SERVICE
                | operation::DELETE_ENDPOINT_SERVICES
                | operation::ACCEPT_ENDPOINT_CONNECTIONS
                | operation::REJECT_ENDPOINT_CONNECTIONS => (10.0, 1.0),
                operation::CREATE_VPC_ENDPOINT | operation::MODIFY_VPC_ENDPOINT | operation::DELETE_VPC_ENDPOINTS => {
                    (4.0, 0.3)
                }
                operation::RUN_INSTANCES | operation::START_INSTANCES => (5.0, 2.0),
                operation::CREATE_EC2_TAGS | operation::DELETE_EC2_TAGS => (100.0, 10.0),
                // By ids they count as unfiltered.
                operation::DESCRIBE_INSTANCES
                | operation::DESCRIBE_SECURITY_GROUPS
                | operation::DESCRIBE_NETWORK_INTERFACES => (50.0, 10.0),
                _ if operation.starts_with("ec2:Describe") => (100.0, 20.0),
                _ => (50.0, 5.0),
            },
        };
        Rate { most, per_second }
    }
}

/// What a call takes a token from.
#[derive(Clone, Copy, Debug)]
struct Takes {
    own: Bucket,
    shared: Option<Bucket>,
}

impl Takes {
    /// Nothing for services whose limits nobody comes near.
    fn of(operation: &'static str) -> Option<Self> {
        let elb = |own| Some(Self { own, shared: Some(Bucket::Elb) });
        match operation {
            operation::REGISTER_TARGETS | operation::DEREGISTER_TARGETS => elb(Bucket::ElbTargets),
            operation::CREATE_LOAD_BALANCER | operation::SET_SUBNETS => elb(Bucket::ElbHeavy),
            _ if operation.starts_with("elasticloadbalancing:Describe") => elb(Bucket::ElbReads),
            _ if operation.starts_with("elasticloadbalancing:") => elb(Bucket::ElbWrites),
            _ if operation.starts_with("ec2:") => Some(Self { own: Bucket::Ec2(operation), shared: None }),
            _ => None,
        }
    }

    fn all(self) -> impl Iterator<Item = Bucket> {
        std::iter::once(self.own).chain(self.shared)
    }
}

/// Where one waits: the most urgent first, then the first to come.
type Place = (Reverse<Urgency>, u64);

/// Buckets, and who waits for them.
#[derive(Debug, Default)]
struct Queue {
    /// What was in them when.
    levels: BTreeMap<Bucket, (f64, Instant)>,
    waiting: BTreeMap<Place, Takes>,
    came: u64,
}

impl Queue {
    fn join(&mut self, urgency: Urgency, takes: Takes) -> Place {
        self.came += 1;
        let place = (Reverse(urgency), self.came);
        self.waiting.insert(place, takes);
        place
    }

    /// Takes the tokens and leaves the queue, or says when to ask again.
    fn turn(&mut self, place: Place, now: Instant) -> Result<(), Duration> {
        let Some(&takes) = self.waiting.get(&place) else { return Ok(()) };
        let mut left = BTreeMap::new();
        for (_, ahead) in self.waiting.range((Bound::Unbounded, Bound::Excluded(place))) {
            let ready = ahead.all().all(|bucket| *left.entry(bucket).or_insert_with(|| self.level(bucket, now)) >= 1.0);
            for bucket in ahead.all().filter(|bucket| ready || *bucket == ahead.own) {
                left.entry(bucket).and_modify(|level| *level -= 1.0);
            }
        }
        let missing = takes.all().map(|bucket| {
            let level = left.get(&bucket).copied().unwrap_or_else(|| self.level(bucket, now));
            (1.0 - level) / bucket.rate().per_second
        });
        let wait = missing.fold(0.0, f64::max);
        if wait > 0.0 {
            return Err(Duration::from_secs_f64(wait) + Duration::from_millis(1));
        }
        self.waiting.remove(&place);
        for bucket in takes.all() {
            let level = self.level(bucket, now);
            self.levels.insert(bucket, (level - 1.0, now));
        }
        Ok(())
    }

    fn level(&self, bucket: Bucket, now: Instant) -> f64 {
        let Rate { most, per_second } = bucket.rate();
        let most = most * (1.0 - SPARE);
        let Some((level, since)) = self.levels.get(&bucket) else { return most };
        most.min(level + now.saturating_duration_since(*since).as_secs_f64() * per_second)
    }

    fn empty(&mut self, takes: Takes, now: Instant) {
        for bucket in takes.all() {
            let level = self.level(bucket, now).min(0.0);
            self.levels.insert(bucket, (level, now));
        }
    }
}

/// The limits of one account in one region.
#[derive(Debug)]
pub(super) struct Limits {
    /// None where limits are off.
    queue: Option<Mutex<Queue>>,
}

/// Somebody in the queue; leaves it also when nobody waits for the call any more.
struct Waiter<'a> {
    queue: &'a Mutex<Queue>,
    place: Place,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        lock(self.queue).waiting.remove(&self.place);
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Limits {
    pub(super) fn new(limits: RateLimits) -> Self {
        let queue = match limits {
            RateLimits::Published => Some(Mutex::default()),
            RateLimits::Off => None,
        };
        Self { queue }
    }

    /// Returns when the call may be made.
    pub(super) async fn admit(&self, operation: &'static str, urgency: Urgency) {
        let Some((queue, takes)) = self.queue.as_ref().zip(Takes::of(operation)) else { return };
        let place = lock(queue).join(urgency, takes);
        let waiter = Waiter { queue, place };
        let began = Instant::now();
        loop {
            let turn = lock(queue).turn(waiter.place, Instant::now());
            let Err(wait) = turn else { break };
            tokio::time::sleep(wait).await;
        }
        let took = began.elapsed();
        if took >= Duration::from_secs(1) {
            debug!(operation, ?urgency, seconds = took.as_secs_f64(), "waited for AWS's request limits");
        }
    }

    /// AWS refused a call as too much: somebody else drinks from the same bucket.
    pub(super) fn throttled(&self, operation: &'static str) {
        if let Some((queue, takes)) = self.queue.as_ref().zip(Takes::of(operation)) {
            lock(queue).empty(takes, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use kpl_core::model::Urgency::{Create, Drift, Release};

    use super::*;

    /// A queue in a time of its own.
    struct Bench {
        queue: Queue,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self { queue: Queue::default(), now: Instant::now() }
        }

        fn join(&mut self, urgency: Urgency, operation: &'static str) -> Place {
            self.queue.join(urgency, Takes::of(operation).expect("it takes tokens"))
        }

        /// Makes so many calls at once, and says how many were let through.
        fn burst(&mut self, operation: &'static str, calls: usize) -> usize {
            let places: Vec<Place> = (0..calls).map(|_| self.join(Create, operation)).collect();
            let admitted = places.iter().filter(|place| self.queue.turn(**place, self.now).is_ok()).count();
            self.queue.waiting.clear();
            admitted
        }

        /// Lets time pass until everybody had a turn; returns who came when.
        fn drain(&mut self) -> Vec<(Place, Duration)> {
            let (began, mut order) = (self.now, Vec::new());
            while !self.queue.waiting.is_empty() {
                let waiting: Vec<Place> = self.queue.waiting.keys().copied().collect();
                let turns: Vec<_> = waiting.iter().map(|place| self.queue.turn(*place, self.now)).collect();
                order.extend(
                    waiting
                        .iter()
                        .zip(&turns)
                        .filter(|(_, turn)| turn.is_ok())
                        .map(|(place, _)| (*place, self.now - began)),
                );
                let next = turns.iter().filter_map(|turn| turn.err()).min();
                self.now += next.unwrap_or_default();
            }
            order
        }
    }

    #[test]
    fn bursts_are_three_quarters_of_those_that_aws_publishes() {
        let bursts = [
            (operation::CREATE_TARGET_GROUP, 15),
            (operation::REGISTER_TARGETS, 15),
            (operation::CREATE_LOAD_BALANCER, 7),
            (operation::DESCRIBE_TARGET_HEALTH, 30),
            (operation::ACCEPT_ENDPOINT_CONNECTIONS, 7),
            (operation::AUTHORIZE_SECURITY_GROUP_INGRESS, 37),
            (operation::DESCRIBE_INSTANCES, 37),
            (operation::DESCRIBE_SUBNETS, 75),
            (operation::CREATE_EC2_TAGS, 75),
        ];
        for (operation, burst) in bursts {
            assert_eq!(Bench::new().burst(operation, 200), burst, "{operation}");
        }
        assert!(Takes::of(operation::GET_CALLER_IDENTITY).is_none());
    }

    #[test]
    fn every_operation_of_ec2_and_elb_takes_tokens() {
        let free: Vec<_> =
            operation::ALL.iter().map(|(name, _)| *name).filter(|operation| Takes::of(operation).is_none()).collect();
        assert_eq!(free, [operation::GET_CALLER_IDENTITY]);
    }

    #[test]
    fn calls_go_out_at_aws_s_pace_and_no_slower() {
        let mut bench = Bench::new();
        for _ in 0..75 {
            bench.join(Create, operation::CREATE_LISTENER);
        }
        let order = bench.drain();
        let last = order.last().expect("they had their turn").1;
        assert!(
            (Duration::from_secs(20)..Duration::from_millis(20_200)).contains(&last),
            "60 over 3 a second: {last:?}"
        );
    }

    #[test]
    fn a_category_that_waits_keeps_nobody_from_the_shared_bucket() {
        let mut bench = Bench::new();
        assert_eq!(bench.burst(operation::CREATE_LISTENER, 50), 15);
        for _ in 0..30 {
            bench.join(Create, operation::CREATE_LISTENER);
        }
        let read = bench.join(Drift, operation::DESCRIBE_LISTENERS);
        assert_eq!(bench.queue.turn(read, bench.now), Ok(()));
    }

    #[test]
    fn all_categories_share_one_bucket() {
        let mut bench = Bench::new();
        let writes = bench.burst(operation::CREATE_LISTENER, 50) + bench.burst(operation::REGISTER_TARGETS, 50);
        assert_eq!(writes, 30);
        assert_eq!(bench.burst(operation::DESCRIBE_LISTENERS, 50), 0);
    }

    #[test]
    fn the_urgent_go_first_and_the_rest_in_order() {
        let mut bench = Bench::new();
        bench.burst(operation::CREATE_LISTENER, 50);
        let drift = bench.join(Drift, operation::MODIFY_LISTENER);
        let creates =
            [bench.join(Create, operation::CREATE_LISTENER), bench.join(Create, operation::CREATE_TARGET_GROUP)];
        let release = bench.join(Release, operation::DELETE_LISTENER);
        let order: Vec<Place> = bench.drain().into_iter().map(|(place, _)| place).collect();
        assert_eq!(order, [release, creates[0], creates[1], drift]);
    }

    #[test]
    fn a_throttle_empties_the_bucket() {
        let mut bench = Bench::new();
        bench.queue.empty(Takes::of(operation::CREATE_LISTENER).expect("tokens"), bench.now);
        assert_eq!(bench.burst(operation::CREATE_LISTENER, 5), 0);
        bench.now += Duration::from_secs(1);
        assert_eq!(bench.burst(operation::CREATE_LISTENER, 5), 3);
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_queue() {
        let limits = Limits::new(RateLimits::Published);
        let queue = limits.queue.as_ref().expect("a queue");
        limits.throttled(operation::CREATE_LOAD_BALANCER);
        let call = limits.admit(operation::CREATE_LOAD_BALANCER, Create);
        assert!(tokio::time::timeout(Duration::from_millis(10), call).await.is_err());
        assert!(lock(queue).waiting.is_empty());
        let off = Limits::new(RateLimits::Off);
        off.throttled(operation::CREATE_LOAD_BALANCER);
        off.admit(operation::CREATE_LOAD_BALANCER, Create).await;
    }
}
