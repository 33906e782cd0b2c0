//! Where the load balancer is, and the connections that a look has left.

use std::io;
use std::net::SocketAddr;

use kpl_core::kafka::Obstacle;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{Dial, Limits, MOST_CONNECTIONS};

/// Addresses of one port.
pub(super) struct Address {
    name: String,
    found: Vec<SocketAddr>,
    left: usize,
    limits: Limits,
}

impl Address {
    pub(super) async fn of(dial: &Dial, limits: &Limits) -> Result<Self, Obstacle> {
        let resolved = timeout(limits.answer, lookup_host((dial.address.as_str(), dial.port.0))).await;
        // Without the resolver's own words, which change from time to time: what is told in status is the same as long as it is so.
        let none = || Obstacle::NoRoute(format!("{} does not resolve", dial.address));
        let found: Vec<SocketAddr> = match resolved {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(_)) | Err(_) => return Err(none()),
        };
        if found.is_empty() {
            return Err(none());
        }
        Ok(Self { name: dial.address.clone(), found, left: MOST_CONNECTIONS, limits: *limits })
    }

    /// Connects to the first address that takes it; a zone of the load balancer may be away. Later connects go there at once.
    pub(super) async fn connect(&mut self) -> Result<TcpStream, Obstacle> {
        let mut last = Obstacle::Closed;
        for address in self.found.clone() {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            match timeout(self.limits.connect, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Each request is one small write that waits for its answer.
                    stream.set_nodelay(true).map_err(|error| self.refused(&error))?;
                    self.found = vec![address];
                    return Ok(stream);
                }
                Ok(Err(error)) => last = self.refused(&error),
                Err(_) => last = no_answer(&self.name),
            }
        }
        Err(last)
    }

    fn refused(&self, error: &io::Error) -> Obstacle {
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                Obstacle::Refused
            }
            _ => Obstacle::NoRoute(format!("{}: {error}", self.name)),
        }
    }
}

/// Whatever swallows connections says nothing about the broker.
pub(super) fn no_answer(name: &str) -> Obstacle {
    Obstacle::NoRoute(format!("{name} does not answer a connect"))
}
