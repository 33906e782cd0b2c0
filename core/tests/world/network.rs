//! VPCs that are made: how EC2 makes them, what it refuses, and what lies in them.

use std::collections::BTreeSet;

use kpl_core::model::{Answer, ErrorClass, Ipv4Net, OwnVpc, Scope, Seen, Tags, Vpc, VpcDns, VpcId};
use kpl_core::plan::vpc::{Change, DnsSetting};

use super::state::{Aws, VpcDetails, ours};
use super::{Refusal, Said, no};

fn no_vpc() -> Refusal {
    no(ErrorClass::NotFound, "InvalidVpcID.NotFound")
}

impl Aws {
    pub fn write_vpc(&mut self, change: &Change) -> Said {
        match change {
            Change::Create { cidr, tags } => Ok(Answer::Own(self.make_vpc(*cidr, tags.clone()).as_str().into())),
            Change::EnableDns { id, setting } => {
                let held = self.vpc_details.get_mut(id).ok_or_else(no_vpc)?;
                match setting {
                    DnsSetting::Support => held.dns.support = true,
                    DnsSetting::HostNames if held.dns.support => held.dns.host_names = true,
                    DnsSetting::HostNames => return Err(no(ErrorClass::Invalid, "InvalidParameterValue")),
                }
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => {
                if !self.vpcs.contains_key(id) {
                    return Err(no_vpc());
                }
                if !self.lies_in(id, |_| true).is_empty() {
                    return Err(no(ErrorClass::InUse, "DependencyViolation"));
                }
                self.vpcs.remove(id);
                self.vpc_details.remove(id);
                Ok(Answer::Accepted)
            }
        }
    }

    /// As AWS makes one, whoever asks and how often.
    pub fn make_vpc(&mut self, cidr: Ipv4Net, tags: Tags) -> VpcId {
        let id = VpcId::new(format!("vpc-{}", self.digits(&format!("vpc {cidr}"))));
        self.vpcs.insert(id.clone(), BTreeSet::from([cidr]));
        let dns = VpcDns { support: true, host_names: false };
        self.vpc_details.insert(id.clone(), VpcDetails { dns, tags }.into());
        id
    }

    /// What lies in a VPC and counts by its tags.
    fn lies_in(&self, vpc: &VpcId, counts: impl Fn(&Tags) -> bool) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let hosts = self.instances.iter().filter(|(_, host)| host.alive() && host.vpc == *vpc && counts(&host.tags));
        found.extend(hosts.map(|(id, _)| format!("instance {id}")));
        let subnets = self.subnets.iter().filter(|(_, held)| held.vpc == *vpc && counts(&held.tags));
        found.extend(subnets.map(|(id, _)| format!("subnet {id}")));
        let groups = self.security_groups.iter().filter(|(_, held)| held.vpc == *vpc && counts(&held.tags));
        found.extend(groups.map(|(id, _)| format!("security group {id}")));
        let interfaces = self.interfaces.iter().filter(|(_, held)| held.vpc == *vpc && counts(&held.tags));
        found.extend(interfaces.map(|(id, _)| format!("network interface {id}")));
        let tables = self.route_tables.iter().filter(|(_, held)| held.vpc == *vpc && counts(&held.tags));
        found.extend(tables.map(|(id, _)| format!("route table {id}")));
        let endpoints = self.gateway_endpoints.iter().filter(|(_, held)| held.vpc == *vpc && counts(&held.tags));
        found.extend(endpoints.map(|(id, _)| format!("endpoint {id}")));
        found
    }

    /// Whether a running or stopped instance lies in the subnet of a VPC that was made, which has one in each zone.
    pub fn houses(&self, vpc: &VpcId, zone: &kpl_core::model::ZoneId) -> bool {
        self.vpc_details.contains_key(vpc)
            && self.instances.values().any(|host| host.alive() && host.vpc == *vpc && host.zone == *zone)
    }
}

/// VPCs with our owner tag, as `DescribeVpcs` shows them.
pub fn own_vpcs(aws: &Aws, scope: &Scope) -> Vec<OwnVpc> {
    let owned = aws.vpc_details.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    let seen = owned.map(|(id, held)| OwnVpc {
        vpc: Vpc { id: id.clone(), cidrs: aws.vpcs[id].clone() },
        dns: Seen::Unread,
        tenants: Seen::Unread,
        tags: Seen::Read(held.tags.clone()),
    });
    seen.collect()
}

/// What lies in a VPC and is not ours.
pub fn tenants(aws: &Aws, scope: &Scope, vpc: &VpcId) -> BTreeSet<String> {
    aws.lies_in(vpc, |tags| !ours(&scope.owner, tags))
}
