//! The end of the process: the first signal asks for it, the second insists.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

/// Exit status of a process that did not wait for what was under way.
const INSISTED: i32 = 130;

/// Whether the process shall end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// What asks for the end.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stop {
    /// A stop and what triggers it.
    #[must_use]
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// SIGTERM or SIGINT asks for the end; another one ends the process at once.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn on_signals() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (stopper, stop) = Self::new();
        tokio::spawn(async move {
            either(&mut terminate, &mut interrupt).await;
            info!("stopping: what is under way is finished first; a second signal ends the process at once");
            stopper.stop();
            either(&mut terminate, &mut interrupt).await;
            warn!("stopped by a second signal");
            std::process::exit(INSISTED);
        });
        Ok(stop)
    }

    /// Whether the end was asked for: no new step is begun then.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when the end is asked for.
    pub async fn asked(mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            // Nobody can ask any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Stopper {
    /// Asks for the end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
