//! Every broker of a listener, side by side: whether the cluster can spare one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, stream};
use kpl_core::kafka::gate::{Answers, Asked, Broker, Reply, Topics};
use kpl_core::kafka::{Authorized, Identity, Route, Seat, WiredListener};

use super::answer::Malformed;
use super::api_versions::UNSUPPORTED;
use super::climb::Climbed;
use super::connection::{self, CallFailed};
use super::ports::{AT_A_TIME, dials};
use super::request::{ApiKey, Request};
use super::{
    Access, Dial, Limits, describe_cluster, describe_configs, describe_quorum, list_partition_reassignments, metadata,
};

/// Asks each broker at its own port, and one of them about topics that all of them told of.
///
/// Takes at most [`Limits::whole`] and twice [`Limits::answer`] for each [`AT_A_TIME`] brokers; on a cluster that is well, a
/// fraction of a second.
pub async fn ask_all(listener: &WiredListener, route: &Route, access: &Arc<Access>, limits: &Limits) -> Asked {
    let at_ports = dials(listener, route, access).into_iter().filter_map(|(seat, dial)| match seat {
        Seat::Broker(id) => Some((id, dial)),
        Seat::Bootstrap => None,
    });
    let mut asks = stream::iter(at_ports)
        .map(|(id, dial)| async move { (id, ask(&dial, limits).await) })
        .buffer_unordered(AT_A_TIME);
    let mut asked = Asked::default();
    let (mut told, mut willing) = (Vec::<Arc<Topics>>::new(), None);
    while let Some((id, (mut broker, questions))) = asks.next().await {
        broker.sighting = route.judged(listener, Seat::Broker(id), broker.sighting);
        if let Some(Reply::Answered(topics)) = broker.answers.as_mut().map(|answers| &mut answers.topics) {
            // Brokers that agree share one list.
            match told.iter().find(|known| *known == topics) {
                Some(known) => *topics = Arc::clone(known),
                None => told.push(Arc::clone(topics)),
            }
            willing = willing.or(questions.filter(|questions| !questions.silent));
        }
        asked.brokers.insert(id, broker);
    }
    if let Some(mut questions) = willing {
        let names: BTreeSet<&str> = told.iter().flat_map(|topics| topics.keys().map(String::as_str)).collect();
        asked.min_in_sync = questions.min_in_sync(&names.into_iter().collect::<Vec<_>>()).await;
    }
    asked
}

async fn ask(dial: &Dial, limits: &Limits) -> (Broker, Option<Questions>) {
    let (sighting, climbed) = super::reach(dial, limits).await;
    let other = matches!(sighting.answered.identity, Some(Authorized::Yes(Identity::Other(_))));
    let Some(climbed) = climbed.filter(|_| !other) else { return (Broker { sighting, answers: None }, None) };
    let mut questions = Questions { climbed, silent: false };
    let answers = questions.all().await;
    (Broker { sighting, answers: Some(answers) }, Some(questions))
}

/// The questions to who is known to be a broker.
struct Questions {
    climbed: Climbed,
    /// A question was not answered: then no other is, on this connection.
    silent: bool,
}

impl Questions {
    /// First those that a broker answers from memory, then those that it hands on to the active controller.
    async fn all(&mut self) -> Answers {
        let cluster = Question { api: ApiKey::DescribeCluster, oldest: 0, most: connection::MOST_BYTES };
        let topics = Question { api: ApiKey::Metadata, oldest: 0, most: metadata::MOST_BYTES };
        let quorum =
            Question { api: ApiKey::DescribeQuorum, oldest: describe_quorum::OLDEST, most: connection::MOST_BYTES };
        let moved = Question { api: ApiKey::ListPartitionReassignments, oldest: 0, most: connection::MOST_BYTES };
        Answers {
            cluster: self.put(&cluster, describe_cluster::ask, describe_cluster::read).await,
            every_topic: self.put(&topics, metadata::ask_right, metadata::read_right).await,
            topics: self
                .put(&topics, metadata::ask_topics, |body, version| {
                    metadata::read_topics(body, version).map(|topics| Ok(Arc::new(topics)))
                })
                .await,
            quorum: self.put(&quorum, describe_quorum::ask, describe_quorum::read).await,
            reassignments: self
                .put(
                    &moved,
                    |_| list_partition_reassignments::ask(),
                    |body, _| list_partition_reassignments::read(body),
                )
                .await,
        }
    }

    async fn min_in_sync(&mut self, topics: &[&str]) -> BTreeMap<String, Reply<u32>> {
        let question = Question { api: ApiKey::DescribeConfigs, oldest: 0, most: connection::MOST_BYTES };
        let mut all = BTreeMap::new();
        for some in topics.chunks(describe_configs::TOPICS_AT_ONCE) {
            let read = |body: &[u8], version| describe_configs::read_topics(body, version).map(Ok);
            let reply = self.put(&question, |newest| describe_configs::ask_topics(newest, some), read).await;
            let failed = match reply {
                Reply::Answered(told) => {
                    let told = told.into_iter();
                    all.extend(told.map(|(topic, least)| (topic, least.map_or_else(Reply::Refused, Reply::Answered))));
                    continue;
                }
                Reply::Refused(code) => Reply::Refused(code),
                Reply::Strange(why) => Reply::Strange(why),
                Reply::Silent => Reply::Silent,
            };
            all.extend(some.iter().map(|topic| ((*topic).to_owned(), failed.clone())));
        }
        all
    }

    async fn put<T>(
        &mut self,
        question: &Question,
        request: impl FnOnce(i16) -> Request,
        read: impl FnOnce(&[u8], i16) -> Result<Result<T, i16>, Malformed>,
    ) -> Reply<T> {
        if self.silent {
            return Reply::Silent;
        }
        let newest = self.climbed.versions.newest(question.api).filter(|newest| *newest >= question.oldest);
        let Some(newest) = newest else { return Reply::Refused(UNSUPPORTED) };
        let request = request(newest);
        match self.climbed.connection.call_for(&request, question.most).await {
            Ok(body) => match read(&body, request.version) {
                Ok(Ok(answer)) => Reply::Answered(answer),
                Ok(Err(code)) => Reply::Refused(code),
                Err(malformed) => Reply::Strange(malformed.to_string()),
            },
            Err(failed) => {
                self.silent = true;
                match failed {
                    CallFailed::Strange(said) => Reply::Strange(said),
                    CallFailed::Silent | CallFailed::Closed | CallFailed::TlsAlert | CallFailed::Tls(_) => {
                        Reply::Silent
                    }
                }
            }
        }
    }
}

/// How a request is made.
struct Question {
    api: ApiKey,
    /// The first version that tells what is needed.
    oldest: i16,
    /// Bytes that the answer may have.
    most: usize,
}
