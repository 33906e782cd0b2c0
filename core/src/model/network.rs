//! The network: the user's, which is only read, and what is made for the object.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use super::{
    Detail, EndpointId, RouteAssociationId, RouteTableId, Seen, SubnetId, Tags, VpcDns, VpcId, ZoneId, ZoneName,
};

/// The VPC that everything lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Every associated IPv4 block.
    pub cidrs: BTreeSet<Ipv4Net>,
}

/// A VPC that was made for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnVpc {
    /// Its id and blocks.
    pub vpc: Vpc,
    /// How names are resolved in it.
    pub dns: Seen<VpcDns>,
    /// What lies in it and is not ours, each with its id: AWS deletes no VPC that holds anything. Read only when it
    /// is to be deleted.
    pub tenants: Seen<BTreeSet<String>>,
    /// Its tags.
    pub tags: Seen<Tags>,
}

impl Detail for OwnVpc {
    fn keep(&mut self, earlier: &Self) {
        self.dns.or_keep(&earlier.dns);
        self.tenants.or_keep(&earlier.tenants);
    }
}

/// A subnet, ours or the user's.
#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its zone.
    pub zone: ZoneId,
    /// The zone's name in this account: what load balancers report.
    pub zone_name: ZoneName,
    /// Its block.
    pub cidr: Ipv4Net,
    /// An internal NLB wants 8 free addresses.
    pub free_addresses: u32,
    /// Its tags.
    pub tags: Seen<Tags>,
}

/// A route table that was made for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// Its VPC.
    pub vpc: VpcId,
    /// The subnets that it routes: a subnet without an association has the VPC's main table.
    pub associations: BTreeMap<SubnetId, RouteAssociationId>,
    /// Its tags.
    pub tags: Seen<Tags>,
}

impl Detail for RouteTable {
    fn is_used(&self) -> bool {
        !self.associations.is_empty()
    }
}

/// An endpoint of type gateway that was made for the object: a route to an AWS service, free of charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// Its VPC.
    pub vpc: VpcId,
    /// The service, such as `com.amazonaws.us-west-2.s3`.
    pub service: String,
    /// Whether it was deleted and is listed still.
    pub leaving: bool,
    /// The route tables that have its route.
    pub tables: BTreeSet<RouteTableId>,
    /// Its tags.
    pub tags: Seen<Tags>,
}

impl Detail for GatewayEndpoint {
    fn is_used(&self) -> bool {
        !self.leaving
    }
}
