//! What every kind that is known by its tags alone has in common: how it is listed, and what a create answers.

use aws_sdk_ec2::types::Filter;
use futures::future::FutureExt;
use kpl_core::model::{
    Answer, BrokerGroup, Failure, GatewayEndpoint, NodeInstance, NodeInterface, Own, OwnId, OwnKind, OwnVpc, Part,
    RouteTable, Scope, Volume,
};

use super::call::Unwritten;
use super::part::{Reading, fold};
use super::{Clients, convert};

/// A kind that can be listed by its owner tag.
pub(super) trait Listed: Own + Send + 'static {
    /// All that the filter lets through, with their tags.
    fn listed(aws: &Clients, owned: &Filter) -> impl Future<Output = Result<Vec<Self>, Failure>> + Send;
}

/// The listing of a kind; none where there can be none.
pub(super) fn reading<'a>(aws: &'a Clients, scope: &'a Scope, kind: OwnKind) -> Option<Reading<'a>> {
    scope.owns.contains(&kind).then(|| match kind {
        OwnKind::Vpc => listing::<OwnVpc>(aws, scope),
        OwnKind::RouteTable => listing::<RouteTable>(aws, scope),
        OwnKind::GatewayEndpoint => listing::<GatewayEndpoint>(aws, scope),
        OwnKind::BrokerGroup => listing::<BrokerGroup>(aws, scope),
        OwnKind::Interface => listing::<NodeInterface>(aws, scope),
        OwnKind::Volume => listing::<Volume>(aws, scope),
        OwnKind::Instance => listing::<NodeInstance>(aws, scope),
    })
}

fn listing<'a, T: Listed>(aws: &'a Clients, scope: &'a Scope) -> Reading<'a> {
    async move {
        let found = T::listed(aws, &convert::owned(&scope.owner)).await.map(|mut found| {
            // What came along says more than the filter that let it through.
            found.retain(|own| own.tags().get().is_some_and(|tags| convert::is_ours(&scope.owner, tags)));
            found
        });
        fold(Part::Own(T::KIND), found, |observed, found| observed.list_own(found))
    }
    .boxed()
}

/// The answer of a create, which is its id.
pub(super) fn made(id: Option<&str>, operation: &'static str) -> Result<Answer, Unwritten> {
    id.map(|id| Answer::Own(OwnId::new(id))).ok_or_else(|| Unwritten::incomplete(operation, "the id"))
}
