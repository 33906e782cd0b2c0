//! Bytes that are no answer: reading them ends, without a panic and without memory that did not arrive.

use kpl_core::model::BrokerId;

use crate::kafka::{
    api_versions, describe_cluster, describe_configs, describe_quorum, list_partition_reassignments, metadata,
};

/// All that reads an answer.
fn read(body: &[u8]) -> usize {
    let mut taken = 0;
    taken += usize::from(api_versions::read(body).is_ok());
    taken += usize::from(api_versions::read_oldest(body).is_ok());
    taken += usize::from(api_versions::read_node(body).is_ok());
    for version in [4, 9] {
        taken += usize::from(metadata::read(body, version).is_ok());
        taken += usize::from(metadata::read_topics(body, version).is_ok());
        taken += usize::from(metadata::read_right(body, version).is_ok());
    }
    for version in [1, 4] {
        taken += usize::from(describe_configs::read(body, version).is_ok());
        taken += usize::from(describe_configs::read_topics(body, version).is_ok());
    }
    for version in [0, 1, 2] {
        taken += usize::from(describe_cluster::read(body, version).is_ok());
    }
    for version in [1, 2] {
        taken += usize::from(describe_quorum::read(body, version).is_ok());
    }
    taken + usize::from(list_partition_reassignments::read(body).is_ok())
}

/// True answers, to begin from.
fn seeds() -> Vec<Vec<u8>> {
    let mut metadata =
        vec![0, 0, 0, 0, 2, 0, 0, 0, 1, 3, b'b', b'1', 0, 0, 0x23, 0x85, 0, 0, 3, b'i', b'd', 0, 0, 0, 1, 1, 0];
    let mut all = vec![metadata.clone()];
    metadata[4] = 0xff;
    all.push(metadata);
    all.push(vec![0, 0, 3, 0, 3, 0, 0, 0, 13, 0, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0]);
    all.push(vec![
        0, 0, 0, 0, 2, 0, 0, 0, 4, 2, b'1', 2, 10, b'l', b'i', b's', b't', b'e', b'n', b'e', b'r', b's', 2, b'A', 0, 4,
        0, 1, 2, 0, 0, 0, 0,
    ]);
    all.push(vec![
        0, 0, 2, 2, b'm', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0,
    ]);
    // Metadata with a topic of one partition.
    all.push(vec![
        0, 0, 0, 0, 2, 0, 0, 0, 1, 3, b'b', b'1', 0, 0, 0x23, 0x85, 0, 0, 3, b'i', b'd', 0, 0, 0, 1, 2, 0, 0, 2, b't',
        0, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 5, 2, 0, 0, 0, 1, 2, 0, 0, 0, 1, 1, 0, 0x80, 0, 0, 0, 0, 0,
    ]);
    // min.insync.replicas of a topic.
    let mut least = vec![0, 0, 0, 0, 2, 0, 0, 0, 2, 2, b't', 2, 20];
    least.extend(b"min.insync.replicas");
    least.extend([2, b'2', 0, 4, 0, 1, 3, 0, 0, 0, 0]);
    all.push(least);
    // DescribeCluster with a fenced broker.
    all.push(vec![
        0, 0, 0, 0, 0, 0, 0, 1, 2, b'c', 0, 0, 0, 1, 2, 0, 0, 0, 4, 2, b'h', 0, 0, 0, 9, 0, 1, 0, 0x80, 0, 0, 0, 0,
    ]);
    // A partition that is moved.
    all.push(vec![0, 0, 0, 0, 0, 0, 0, 2, 2, b't', 2, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 0, 0, 0, 3, 1, 0, 0, 0]);
    all
}

#[test]
fn the_seeds_are_read() {
    for seed in seeds() {
        assert!(read(&seed) > 0, "{seed:?}");
    }
}

fn mangled(seed: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.usize(0..6) {
        let at = random.usize(0..=bytes.len());
        match random.u8(0..5) {
            0 if at < bytes.len() => bytes[at] = random.u8(..),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, *random.choice(&[0, 1, 0x7f, 0x80, 0xff]).unwrap()),
            3 => bytes.splice(at..at, [0x7f, 0xff, 0xff, 0xff]).for_each(drop),
            _ => bytes.extend((0..random.usize(0..40)).map(|_| random.u8(..)).collect::<Vec<_>>()),
        }
    }
    bytes
}

/// Judges so many answers; of the seeds themselves at least one reader takes each.
fn judge(rounds: u64) {
    let seeds = seeds();
    let mut random = fastrand::Rng::with_seed(rounds);
    let mut taken = 0;
    for _ in 0..rounds {
        let bytes = mangled(random.choice(&seeds).unwrap(), &mut random.fork());
        taken += usize::from(read(&bytes) > 0);
    }
    assert!(taken > 0, "mangled answers that are still read: the mangling does not hide the readers");
}

#[test]
fn hostile_answers_are_only_refused() {
    judge(200_000);
}

/// `make fuzz`: for a minute.
#[test]
fn long_hostile_answers_are_only_refused() {
    let ends = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let mut rounds = 0;
    while std::time::Instant::now() < ends {
        rounds += 1;
        judge(100_000 + rounds);
    }
    println!("{rounds} times 100,000 answers");
}

#[test]
fn a_list_that_claims_to_be_long_is_refused_unread() {
    let claims = [0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1];
    assert!(metadata::read(&claims, 4).is_err());
    let claims = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1];
    assert!(metadata::read(&claims, 9).is_err());
    assert!(describe_configs::read_topics(&claims, 4).is_err());
    // Many partitions of a topic, and none that arrived.
    let topics = [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 0, 2, b't', 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1];
    assert!(metadata::read_topics(&topics, 9).is_err());
    assert!(describe_configs::read(&claims, 4).is_err());
}

#[test]
fn an_id_is_taken_only_from_the_words_of_kafka() {
    let refused = |message: &str| {
        let length = u8::try_from(message.len()).unwrap() + 1;
        [&[0, 0, 0, 0, 2, 0, 42, length], message.as_bytes(), &[4, 2, b'2', 1, 0, 0]].concat()
    };
    let other = |message| match describe_configs::read(&refused(message), 4).unwrap() {
        describe_configs::Described::Other(id) => id,
        described => panic!("{described:?}"),
    };
    assert_eq!(other("Unexpected broker id, expected 7 or empty string, but received 2"), Some(BrokerId(7)));
    assert_eq!(other("no"), None);
    assert_eq!(other("so, expected 99999999999999999999"), None);
}
