//! One of several processes leads, and the others stand by.
//!
//! The algorithm is that of client-go's `leaderelection`: a `Lease` that its holder renews by updates with a
//! resource version, and whose expiry every candidate judges by the time that it itself has seen it unchanged.
//! So clocks need not agree, only run alike.
//!
//! # Guarantees
//! No two processes hold the leadership at once: a holder that cannot renew gives up before anybody else may
//! take over, since `renew_deadline` is shorter than `lease_duration`. What was sent to AWS before that cannot be
//! called back: therefore every write bears being repeated, and [`Leadership::holds`] is asked right before each.

mod candidate;
mod leadership;
mod times;

#[cfg(test)]
mod simulation;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use self::candidate::{Ask, Candidate};
pub use self::leadership::Leadership;
use self::leadership::Term;
pub use self::times::{BadTimes, Times};
use crate::metrics::Metrics;
use crate::runtime::chain;
use crate::runtime::stop::Stop;

/// What is stood for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The lease's namespace.
    pub namespace: String,
    /// The lease's name: whoever stands for the same one is a replica of the same operator.
    pub name: String,
    /// Who stands: no two processes ever have the same.
    pub identity: String,
    /// How long things take.
    pub times: Times,
}

/// Another process may lead by now.
#[derive(Debug, Error)]
#[error("the lease {namespace}/{name} could not be renewed for {seconds} s: another replica may lead by now")]
pub struct Lost {
    namespace: String,
    name: String,
    seconds: f64,
}

/// A process that stands for leadership.
#[derive(Debug)]
pub struct Election {
    leases: Api<Lease>,
    settings: Settings,
    candidate: Candidate,
    term: watch::Sender<Term>,
    metrics: Metrics,
}

impl Election {
    /// Stands for it from [`Election::run`] on.
    #[must_use]
    pub fn new(client: kube::Client, settings: Settings, metrics: Metrics) -> Self {
        let leases = Api::namespaced(client, &settings.namespace);
        let candidate = Candidate::new(settings.name.clone(), settings.identity.clone(), settings.times);
        Self { leases, settings, candidate, term: watch::Sender::new(Term::Standby), metrics }
    }

    /// Whether this process leads, for those who act.
    #[must_use]
    pub fn leadership(&self) -> Leadership {
        Leadership::new(self.term.subscribe())
    }

    /// Stands for it until `done`, and then lets go of what it holds so that another one need not wait.
    ///
    /// # Errors
    /// It was held and could not be renewed in time: the process has to end.
    pub async fn run(mut self, done: Stop) -> Result<(), Lost> {
        info!(lease = self.lease(), identity = self.settings.identity, "stands for leadership");
        loop {
            let led = self.candidate.leads();
            self.attempt().await;
            let now = Instant::now();
            if let Some(until) = self.candidate.held_until() {
                if now >= until {
                    self.term.send_replace(Term::Over);
                    let Settings { namespace, name, times, .. } = self.settings;
                    return Err(Lost { namespace, name, seconds: times.renew_deadline.as_secs_f64() });
                }
                if !led {
                    self.metrics.leads(true);
                    info!(lease = self.lease(), identity = self.settings.identity, "leads");
                }
                self.term.send_replace(Term::Leading { until });
            }
            // Neither a try that failed nor a lease that is held is asked for without a pause.
            let pause = self.candidate.pause(now, fastrand::f64());
            tokio::select! {
                () = sleep(pause) => {}
                () = done.clone().asked() => break,
            }
        }
        self.release().await;
        Ok(())
    }

    /// Tries once to get or to keep it. A failure is no news as long as the time is not up.
    async fn attempt(&mut self) {
        let lease = match self.candidate.ask(Timestamp::now()) {
            Ask::Read => match timeout(self.patience(), self.leases.get_opt(&self.settings.name)).await {
                Ok(Ok(found)) => self.candidate.saw(found, Instant::now(), Timestamp::now()),
                failed => return self.report("reading", failed),
            },
            Ask::Renew(lease) => Some(*lease),
        };
        let Some(lease) = lease else { return };
        // Others count from when they see it, which is later.
        let sent = Instant::now();
        match timeout(self.patience(), self.write(lease)).await {
            Ok(Ok(written)) => self.candidate.wrote(written, sent),
            failed => {
                self.candidate.unwritten();
                self.report("writing", failed);
            }
        }
    }

    /// How long a request may take: no longer than what it is for.
    fn patience(&self) -> Duration {
        let left = self.candidate.held_until().map(|until| until.saturating_duration_since(Instant::now()));
        left.map_or(self.settings.times.attempt(), |left| left.min(self.settings.times.attempt()))
    }

    async fn write(&self, lease: Lease) -> Result<Lease, kube::Error> {
        let params = PostParams::default();
        match lease.metadata.resource_version {
            Some(_) => self.leases.replace(&self.settings.name, &params, &lease).await,
            None => self.leases.create(&params, &lease).await,
        }
    }

    fn report<T>(&self, doing: &str, failed: Result<Result<T, kube::Error>, tokio::time::error::Elapsed>) {
        let lease = self.lease();
        match failed {
            Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => {
                debug!(lease, "somebody else was faster");
            }
            Ok(Err(error)) => warn!(lease, error = chain(&error), "{doing} the lease failed"),
            Ok(Ok(_)) => {}
            Err(_) => warn!(lease, "{doing} the lease took too long"),
        }
    }

    /// Gives it up, if it is ours; nobody waits longer for it than for an attempt.
    async fn release(mut self) {
        let Some(lease) = self.candidate.release(Timestamp::now()) else { return };
        self.term.send_replace(Term::Over);
        self.metrics.leads(false);
        let longest = Duration::min(self.settings.times.attempt(), self.settings.times.retry_period);
        match timeout(longest, self.write(lease)).await {
            Ok(Ok(_)) => info!(lease = self.lease(), "leads no more: another replica may"),
            failed => self.report("releasing", failed),
        }
    }

    fn lease(&self) -> String {
        format!("{}/{}", self.settings.namespace, self.settings.name)
    }
}
