//! The full product of calls and faults: stories of objects, in which every single call, read or write, goes
//! wrong once in every way. At the end of its chapter all is as it is without the fault, nothing was made twice,
//! nothing is left and nothing foreign was touched.
//!
//! `KPL_PRODUCT=<chapter> <call> <fault>` plays one of them with its log, as a failure names it.

#[allow(dead_code, reason = "histories use the rest of the World")]
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use kpl_core::api::v1alpha1::{ConnectionDeletionPolicy, Egress};
use kpl_core::model::{ConnectionState, InstanceState, VpcDns};
use world::faults::{EVERY_FAULT, Fault, Injection};
use world::history::{Ended, History};
use world::object::{self, CONSUMERS, listed_brokers};
use world::settled::differences;
use world::state::Aws;
use world::{Manners, World};

/// What happens in a chapter, before the passes that follow it.
struct Chapter {
    name: &'static str,
    /// Whether another object's story begins with it.
    begins: bool,
    change: fn(&mut History),
}

const STORY: [Chapter; 13] = [
    Chapter {
        name: "an object with three brokers is made, and the first build of its load balancer fails",
        begins: true,
        change: |history| {
            for (id, zone) in [(1, 1), (2, 2), (3, 1)] {
                history.world.by_hand().start_broker(id, zone);
            }
        },
    },
    Chapter {
        name: "a consumer connects",
        begins: false,
        change: |history| {
            assert!(history.world.by_hand().ask(CONSUMERS[0], "vpce-00000001"), "the service can be seen");
        },
    },
    Chapter {
        name: "a broker joins",
        begins: false,
        change: |history| {
            history.world.by_hand().start_broker(4, 2);
        },
    },
    Chapter {
        name: "a broker is replaced",
        begins: false,
        change: |history| {
            let old = history.world.aws.running(2).remove(0);
            history.world.by_hand().set_state(&old, InstanceState::Terminated);
            history.world.by_hand().start_broker(2, 2);
        },
    },
    Chapter {
        name: "target groups get another target type, which AWS cannot change, and so successors",
        begins: false,
        change: |history| {
            let list = listed_brokers(&history.world.aws, &history.spec, true);
            history.spec.brokers.static_brokers = list;
            history.spec.brokers.ec2 = None;
        },
    },
    Chapter {
        name: "CIDRs change",
        begins: false,
        change: |history| {
            history.spec.listeners[0].consumer_cidrs = vec!["10.250.0.0/17".into(), "10.253.0.0/16".into()];
        },
    },
    Chapter {
        name: "the object is deleted, and its consumer cut off",
        begins: false,
        change: |history| {
            history.spec.endpoint_service.connection_deletion_policy = ConnectionDeletionPolicy::Reject;
            history.delete();
        },
    },
    Chapter {
        name: "an object is made whose VPC is made too",
        begins: true,
        change: |history| {
            history.spec = object::in_made_vpc();
            history.spec.brokers = object::at_addresses(&[(1, 1, "10.1.1.10"), (2, 2, "10.1.2.10")]);
        },
    },
    Chapter {
        name: "its names are resolved no more",
        begins: false,
        change: |history| {
            for held in history.world.by_hand().vpc_details.values_mut() {
                held.dns = VpcDns { support: false, host_names: false };
            }
        },
    },
    Chapter {
        name: "it gets a subnet in a third zone",
        begins: false,
        change: |history| history.spec.network.subnets.push(object::made_subnet(3, "10.1.3.0/24")),
    },
    Chapter {
        name: "its subnets reach S3 no more",
        begins: false,
        change: |history| history.spec.network.egress = Egress::None,
    },
    Chapter {
        name: "they reach it again",
        begins: false,
        change: |history| history.spec.network.egress = Egress::S3Endpoint,
    },
    Chapter { name: "it is deleted, and its VPC too", begins: false, change: History::delete },
];

/// Passes in which a chapter ends whatever went wrong once, and two full looks among them.
const PASSES: u32 = 40;

/// A chapter as it goes without faults.
struct Played {
    before: History,
    after: World,
    calls: u32,
}

/// One thing to try.
#[derive(Clone, Copy)]
struct Case {
    chapter: usize,
    injection: Injection,
}

fn begin() -> History {
    let mut history = History::new(1);
    history.world.manners = Manners { builds_that_fail: 1, ..Manners::default() };
    let owner = history.identity.owner.clone();
    history.world.by_hand().add_near_misses(&owner);
    history
}

/// Passes until nothing is left to do; says why if that does not come.
fn settle(history: &mut History) -> Result<(), String> {
    let mut last = String::new();
    let mut looked = 0;
    for _ in 0..PASSES {
        let ended = history.pass();
        history.world.tick();
        let Ended::Passed(passed) = ended else { continue };
        if history.deleting {
            if passed.is_gone() {
                return Ok(());
            }
            continue;
        }
        if !passed.settled() || passed.acted() {
            last = passed.plan.to_string();
            continue;
        }
        // The hourly look at everything finds what a steady one does not see.
        match differences(&history.world.aws, &history.wish()) {
            Ok(()) if looked > 0 => return Ok(()),
            Ok(()) => {}
            Err(difference) => last = difference,
        }
        looked += 1;
        history.look_fully();
    }
    Err(format!("does not settle: {last}"))
}

fn play(history: &mut History, chapter: &Chapter) -> Result<(), String> {
    (chapter.change)(history);
    settle(history)
}

/// The story without faults: where each chapter begins, where it ends, and how many calls it takes.
fn story() -> Vec<Played> {
    let mut history = begin();
    let mut chapters = Vec::new();
    for chapter in &STORY {
        if chapter.begins {
            history = begin();
        }
        history.world.calls = 0;
        let before = history.clone();
        play(&mut history, chapter).unwrap_or_else(|why| panic!("{}: {why}\n{}", chapter.name, log(&history)));
        assert!(history.report.wrong.is_empty(), "{:#?}", history.report.wrong);
        chapters.push(Played { before, after: history.world.clone(), calls: history.world.calls });
    }
    chapters
}

fn log(history: &History) -> String {
    history.report.log.join("\n")
}

/// Without what the number of ticks decides.
fn timeless(aws: &Aws) -> Aws {
    let mut aws = aws.clone();
    aws.now = 0;
    aws.lingering.clear();
    aws.forget_health();
    for service in aws.services.values_mut() {
        service.until = 0;
        for connection in service.connections.values_mut() {
            connection.since = 0;
        }
    }
    aws.services.retain(|_, service| service.state.alive());
    aws.load_balancers.values_mut().for_each(|lb| lb.busy_until = 0);
    for group in aws.target_groups.values_mut() {
        group.targets.values_mut().for_each(|held| held.until = None);
    }
    aws
}

/// Plays a chapter with one fault; says what is wrong in the end.
fn attempt(played: &Played, case: Case, terse: bool) -> (Result<(), String>, History) {
    let mut history = played.before.clone();
    history.report.terse = terse;
    history.world.injected = Some(case.injection);
    let chapter = &STORY[case.chapter];
    let result = play(&mut history, chapter).and_then(|()| {
        let wrong: Vec<_> =
            history.report.wrong.iter().map(|wrong| format!("{}: {}", wrong.kind, wrong.text)).collect();
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        if history.deleting {
            let left = history.world.aws.owned(&history.identity.owner);
            return if left.is_empty() { Ok(()) } else { Err(format!("leaves {left:?}")) };
        }
        let pending = ConnectionState::PendingAcceptance;
        let mut connections = history.world.aws.services.values().flat_map(|service| service.connections.values());
        if connections.any(|connection| connection.state == pending) {
            return Err("a consumer waits".into());
        }
        let (now, without) = (timeless(&history.world.aws), timeless(&played.after.aws));
        let twice = now.made.iter().find(|(key, count)| without.made.get(*key) != Some(*count));
        if let Some((key, count)) = twice {
            return Err(format!("{key} was made {count} times"));
        }
        if now == without { Ok(()) } else { Err("ends in another state than without the fault".into()) }
    });
    (result, history)
}

/// Everything there is to try.
fn product(story: &[Played]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (chapter, played) in story.iter().enumerate() {
        for at in 0..played.calls {
            cases.extend(EVERY_FAULT.map(|fault| Case { chapter, injection: Injection { at, fault } }));
        }
    }
    cases
}

/// Tries cases on all cores, counts them by fault, and fails with what went wrong.
fn try_all(cases: &[Case]) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut failed = Vec::new();
    std::thread::scope(|scope| {
        let tries = || {
            // The World is not shared between threads: each tells itself the story.
            let story = story();
            let mut failed = Vec::new();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let (Err(why), _) = attempt(&story[case.chapter], *case, true) {
                    failed.push((*case, why));
                }
            }
            failed
        };
        let players: Vec<_> = (0..cores).map(|_| scope.spawn(tries)).collect();
        for player in players {
            failed.extend(player.join().expect("a case panicked"));
        }
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        *counts.entry(format!("{:?}", case.injection.fault)).or_default() += 1;
    }
    println!("calls x faults: {}; failures {}", cases.len(), failed.len());
    for (fault, count) in counts {
        println!("  {count:>8} {fault}");
    }
    for (case, why) in failed.iter().take(30) {
        println!("KPL_PRODUCT=\"{} {} {:?}\" {why}", case.chapter, case.injection.at, case.injection.fault);
    }
    assert!(failed.is_empty(), "see above");
}

/// One case by name, with its log.
fn try_one(name: &str) {
    let story = story();
    let named = |case: &Case| format!("{} {} {:?}", case.chapter, case.injection.at, case.injection.fault) == name;
    let case = product(&story).into_iter().find(named).expect("chapter, call and fault as a failure names them");
    let (result, history) = attempt(&story[case.chapter], case, false);
    println!("{}", log(&history));
    assert_eq!(result, Ok(()));
}

/// How many cases of the whole `make test` tries.
const SAMPLE: usize = 600;

#[test]
fn a_sample_of_all_faults_at_all_calls() {
    if let Ok(name) = std::env::var("KPL_PRODUCT") {
        return try_one(&name);
    }
    let given = std::env::var("KPL_PICK").ok().map(|pick| pick.parse().expect("KPL_PICK is a number"));
    let pick = given.unwrap_or_else(|| fastrand::u64(..1_000_000));
    println!("KPL_PICK={pick}");
    let story = story();
    let calls: Vec<_> = STORY.iter().zip(&story).map(|(chapter, played)| (chapter.name, played.calls)).collect();
    println!("{calls:#?}");
    let cases = fastrand::Rng::with_seed(pick).choose_multiple(product(&story), SAMPLE);
    try_all(&cases);
}

#[test]
fn long_every_fault_at_every_call() {
    try_all(&product(&story()));
}

#[test]
fn every_fault_stands_in_the_product() {
    let refused = EVERY_FAULT.iter().filter(|fault| matches!(fault, Fault::Refused(_))).count();
    assert_eq!(refused, 9, "every class of error");
}
