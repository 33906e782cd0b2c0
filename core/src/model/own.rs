//! What EC2 gives an id of its own choice: it is known by its tags alone. One row for each kind, and all that is the
//! same for every kind.

use std::fmt;

use super::{
    BrokerGroup, EndpointId, Find, GatewayEndpoint, InstanceId, InterfaceId, Listing, NodeInstance, NodeInterface,
    Observed, OwnId, OwnVpc, RESOURCE_TAG, ResourceKey, RouteTable, RouteTableId, SecurityGroupId, Seen, Tagged, Tags,
    Volume, VolumeId, VpcId,
};

/// A kind of what we make and know by its tags alone.
pub trait Own: Detail + Clone {
    /// Its id.
    type Id: Ord + Clone + for<'a> From<&'a str> + fmt::Display;
    /// Which kind it is.
    const KIND: OwnKind;

    /// Its id.
    fn id(&self) -> &Self::Id;
    /// Its tags.
    fn tags(&self) -> &Seen<Tags>;
    /// All of the kind.
    fn listing(owned: &Owned) -> &Listing<Self::Id, Self>;
    /// All of the kind, to be changed.
    fn listing_mut(owned: &mut Owned) -> &mut Listing<Self::Id, Self>;

    /// Whether it was made under this key.
    fn is_at(&self, key: &ResourceKey) -> bool {
        let made = self.tags().get().and_then(|tags| tags.get(RESOURCE_TAG));
        made.is_some_and(|made| *made == key.to_string())
    }

    /// The id, as what is tagged.
    fn tagged(id: &Self::Id) -> Tagged {
        Tagged::Own(Self::KIND, OwnId::new(id.to_string()))
    }
}

/// What of a kind no listing shows.
pub trait Detail: Sized {
    /// Takes over what was read of the same one before.
    fn keep(&mut self, _earlier: &Self) {}

    /// Whether something of ours rests on it: of several under one key it is the one.
    fn is_used(&self) -> bool {
        false
    }
}

macro_rules! own_kinds {
    ($($(#[$doc:meta])* $kind:ident = $entity:ty [$($id:ident).+: $id_type:ty] in $field:ident, $words:literal;)+) => {
        /// The kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum OwnKind {
            $($(#[$doc])* $kind,)+
        }

        impl OwnKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];
        }

        impl fmt::Display for OwnKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$kind => $words,)+
                })
            }
        }

        /// What a look saw of each kind; several of one key, where an answer was lost.
        #[derive(Clone, Debug, PartialEq, Default)]
        pub struct Owned {
            $($(#[$doc])* pub $field: Listing<$id_type, $entity>,)+
        }

        impl Owned {
            /// Everything was looked for, and nothing is there.
            #[must_use]
            pub fn nothing() -> Self {
                Self { $($field: Listing::whole(std::collections::BTreeMap::new()),)+ }
            }

            /// Takes over what a look did not list. It is not whole, so that nothing is made or deleted before somebody
            /// has looked again.
            pub fn keep(&mut self, earlier: &Self) {
                $(if !self.$field.whole {
                    self.$field.clone_from(&earlier.$field);
                    self.$field.whole = false;
                })+
            }

            /// The tags of one.
            #[must_use]
            pub fn tags(&self, kind: OwnKind, id: &OwnId) -> Option<&Seen<Tags>> {
                match kind {
                    $(OwnKind::$kind => self.$field.there(&id.as_str().into()).map(|own| &own.tags),)+
                }
            }

            /// The tags of one, to be changed.
            pub fn tags_mut(&mut self, kind: OwnKind, id: &OwnId) -> Option<&mut Seen<Tags>> {
                match kind {
                    $(OwnKind::$kind => self.$field.items.get_mut(&id.as_str().into()).map(|own| &mut own.tags),)+
                }
            }
        }

        $(impl Own for $entity {
            type Id = $id_type;
            const KIND: OwnKind = OwnKind::$kind;

            fn id(&self) -> &Self::Id {
                &self.$($id).+
            }

            fn tags(&self) -> &Seen<Tags> {
                &self.tags
            }

            fn listing(owned: &Owned) -> &Listing<Self::Id, Self> {
                &owned.$field
            }

            fn listing_mut(owned: &mut Owned) -> &mut Listing<Self::Id, Self> {
                &mut owned.$field
            }
        })+
    };
}

own_kinds! {
    /// VPCs that were made for the object.
    Vpc = OwnVpc [vpc.id: VpcId] in vpcs, "VPC";
    /// Route tables of its subnets.
    RouteTable = RouteTable [id: RouteTableId] in route_tables, "route table";
    /// Its ways to AWS services.
    GatewayEndpoint = GatewayEndpoint [id: EndpointId] in gateway_endpoints, "gateway endpoint";
    /// Security groups of nodes.
    BrokerGroup = BrokerGroup [id: SecurityGroupId] in broker_groups, "security group of the nodes";
    /// Network interfaces of nodes.
    Interface = NodeInterface [id: InterfaceId] in interfaces, "network interface";
    /// Volumes of nodes.
    Volume = Volume [id: VolumeId] in volumes, "volume";
    /// Instances of nodes.
    Instance = NodeInstance [id: InstanceId] in instances, "instance";
}

impl OwnKind {
    /// Whether it is made for a node, and not for the network.
    #[must_use]
    pub fn is_of_nodes(self) -> bool {
        matches!(self, Self::BrokerGroup | Self::Interface | Self::Volume | Self::Instance)
    }
}

impl Observed {
    /// What was made under this key. Where lost answers have left several, it is the one that is
    /// used, else the first: all others are surplus.
    #[must_use]
    pub fn own<T: Own>(&self, key: &ResourceKey) -> Find<'_, T> {
        let listing = T::listing(&self.own);
        let made = listing.known().map(|(_, own)| own).filter(|own| own.is_at(key));
        match made.min_by_key(|own| !own.is_used()) {
            Some(own) => Find::There(own),
            None if self.knows_all::<T>() => Find::Gone,
            None => Find::Unknown,
        }
    }

    /// Whether all of a kind were listed, each with its tags: one whose tags are unread may be any.
    #[must_use]
    pub fn knows_all<T: Own>(&self) -> bool {
        let listing = T::listing(&self.own);
        listing.is_complete() && listing.known().all(|(_, own)| own.tags().is_read())
    }

    /// Records what a listing of a kind found; details that were read of the same ones before stay.
    pub fn list_own<T: Own>(&mut self, found: impl IntoIterator<Item = T>) {
        let earlier = T::listing_mut(&mut self.own);
        let with_details = found.into_iter().map(|mut own| {
            if let Some(earlier) = earlier.there(own.id()) {
                own.keep(earlier);
            }
            (own.id().clone(), own)
        });
        *earlier = Listing::whole(with_details.collect());
    }
}
