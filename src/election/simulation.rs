//! Candidates over an API server that is slow, loses answers and is not there, with processes that freeze and
//! die, in made-up time.

use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;

use super::candidate::{Ask, Candidate};
use super::times::Times;

const TICK: Duration = Duration::from_millis(20);
const TIMES: Times = Times {
    lease_duration: Duration::from_secs(15),
    renew_deadline: Duration::from_secs(10),
    retry_period: Duration::from_secs(2),
};
const CANDIDATES: usize = 3;

/// The API server's lease.
#[derive(Default)]
struct Server {
    lease: Option<Lease>,
    version: u64,
}

impl Server {
    /// Takes it if nobody else was faster.
    fn write(&mut self, mut lease: Lease) -> Option<Lease> {
        let have = self.lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
        if lease.metadata.resource_version != have {
            return None;
        }
        self.version += 1;
        lease.metadata.resource_version = Some(self.version.to_string());
        self.lease = Some(lease.clone());
        Some(lease)
    }
}

enum Request {
    Read,
    Write { lease: Box<Lease>, sent: Instant },
}

enum Answer {
    Found(Box<Option<Lease>>),
    Written { lease: Option<Box<Lease>>, sent: Instant },
}

/// What a process is at.
enum Doing {
    Pausing { until: Instant },
    Asking { request: Request, arrives: Instant, gives_up: Instant },
    Awaiting { answer: Option<Answer>, comes: Instant, gives_up: Instant },
}

struct Process {
    candidate: Candidate,
    doing: Doing,
    frozen_until: Instant,
    /// By how much its clock is wrong.
    skew: SignedDuration,
}

struct World {
    rng: Rng,
    now: Instant,
    start: Instant,
    server: Server,
    processes: Vec<Process>,
    born: u32,
    troubled: bool,
    led: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        let (rng, server) = (Rng::with_seed(seed), Server::default());
        let mut world = Self { rng, now, start: now, server, processes: Vec::new(), born: 0, troubled: true, led: 0 };
        world.processes = (0..CANDIDATES).map(|_| world.process()).collect();
        world
    }

    fn process(&mut self) -> Process {
        self.born += 1;
        let candidate = Candidate::new("lease".into(), format!("process-{}", self.born), TIMES);
        let skew = SignedDuration::from_secs(self.rng.i64(-100_000..100_000));
        Process { candidate, doing: Doing::Pausing { until: self.now }, frozen_until: self.now, skew }
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        self.troubled && self.rng.u32(0..1000) < per_mille
    }

    /// How long a message takes: mostly little, sometimes very long.
    fn way(&mut self) -> Duration {
        let most = if self.chance(50) { 20_000 } else { 200 };
        Duration::from_millis(self.rng.u64(0..most))
    }

    fn tick(&mut self) {
        self.now += TICK;
        let mut processes = std::mem::take(&mut self.processes);
        for process in &mut processes {
            if self.chance(1) && self.rng.u8(0..8) == 0 {
                *process = self.process();
            }
            if self.chance(1) && self.rng.u8(0..4) == 0 {
                process.frozen_until = self.now + Duration::from_secs(self.rng.u64(1..40));
            }
            self.serve(process);
            if process.frozen_until <= self.now {
                self.step(process);
            }
        }
        self.processes = processes;
        self.judge();
    }

    /// The API server's side: a request arrives although who sent it may be frozen.
    fn serve(&mut self, process: &mut Process) {
        let Doing::Asking { request, arrives, gives_up } = &process.doing else { return };
        if *arrives > self.now {
            return;
        }
        let gives_up = *gives_up;
        let answer = match request {
            Request::Read => Answer::Found(Box::new(self.server.lease.clone())),
            Request::Write { lease, sent } => {
                let sent = *sent;
                Answer::Written { lease: self.server.write((**lease).clone()).map(Box::new), sent }
            }
        };
        let comes = self.now + self.way();
        let answer = (!self.chance(100)).then_some(answer);
        process.doing = Doing::Awaiting { answer, comes, gives_up };
    }

    fn step(&mut self, process: &mut Process) {
        let at = Timestamp::UNIX_EPOCH + (self.now - self.start) + process.skew;
        let held_until = process.candidate.held_until();
        match &mut process.doing {
            Doing::Pausing { until } if *until <= self.now => {
                if held_until.is_some_and(|until| until <= self.now) {
                    // The process ends, and another one takes its place.
                    *process = self.process();
                    return;
                }
                match process.candidate.ask(at) {
                    Ask::Read => self.send(process, Request::Read),
                    Ask::Renew(lease) => self.send(process, Request::Write { lease, sent: self.now }),
                }
            }
            Doing::Awaiting { answer, comes, .. } if *comes <= self.now && answer.is_some() => match answer.take() {
                Some(Answer::Found(found)) => match process.candidate.saw(*found, self.now, at) {
                    Some(lease) => self.send(process, Request::Write { lease: Box::new(lease), sent: self.now }),
                    None => self.rest(process),
                },
                Some(Answer::Written { lease, sent }) => {
                    match lease {
                        Some(lease) => process.candidate.wrote(*lease, sent),
                        None => process.candidate.unwritten(),
                    }
                    self.rest(process);
                }
                None => {}
            },
            Doing::Asking { gives_up, .. } | Doing::Awaiting { gives_up, .. } if *gives_up <= self.now => {
                process.candidate.unwritten();
                self.rest(process);
            }
            Doing::Pausing { .. } | Doing::Asking { .. } | Doing::Awaiting { .. } => {}
        }
    }

    fn send(&mut self, process: &mut Process, request: Request) {
        let arrives = self.now + self.way();
        process.doing = Doing::Asking { request, arrives, gives_up: self.now + TIMES.attempt() };
    }

    fn rest(&mut self, process: &mut Process) {
        let pause = process.candidate.pause(self.now, self.rng.f64());
        process.doing = Doing::Pausing { until: self.now + pause };
    }

    fn leaders(&self) -> usize {
        let holds = |process: &&Process| process.candidate.held_until().is_some_and(|until| self.now < until);
        self.processes.iter().filter(holds).count()
    }

    fn judge(&mut self) {
        let leaders = self.leaders();
        assert!(leaders <= 1, "{leaders} lead at once after {:?}", self.now - self.start);
        self.led += u32::from(leaders == 1);
    }

    fn play(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.tick();
        }
    }
}

#[test]
fn never_two_and_soon_one() {
    let mut led = 0;
    for seed in 0..60 {
        let mut world = World::new(seed);
        world.play(Duration::from_mins(5));
        world.troubled = false;
        // A message that was on its way, a process that was frozen, a lease that has to expire.
        world.play(Duration::from_secs(20) + Duration::from_secs(40) + TIMES.lease_duration + TIMES.retry_period * 2);
        assert_eq!(world.leaders(), 1, "seed {seed}");
        let before = world.led;
        world.play(Duration::from_mins(1));
        assert_eq!(world.led - before, 3000, "seed {seed}: it stays");
        led += world.led;
    }
    // In such weather somebody leads most of the time.
    assert!(led > 60 * 10_000, "{led}");
}
