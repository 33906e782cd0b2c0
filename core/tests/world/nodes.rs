//! Nodes that are made: their group, interfaces, volumes and instances, refused as EC2 refuses them.

use std::net::Ipv4Addr;

use kpl_core::model::{
    Answer, BrokerGroup, ErrorClass, InstanceId, InstanceState, InterfaceId, MachineKind, NodeInstance, NodeInterface,
    NodeState, Peer, Rule, Scope, SecurityGroupId, Seen, Traffic, Volume, VolumeId, VolumeState,
};
use kpl_core::plan::node_instance::Launch;
use kpl_core::plan::{broker_group, node_instance, node_interface, security_group, volume};

use super::held::{HeldInterface, HeldMachine, HeldVolume};
use super::state::{Aws, Instance, ours};
use super::{Refusal, Said, no};

/// How long an instance or a volume takes to be made, and an instance to go.
const TAKES: u32 = 1;

fn in_use(code: &'static str) -> Refusal {
    no(ErrorClass::InUse, code)
}

impl Aws {
    pub fn write_broker_group(&mut self, change: &broker_group::Change) -> Said {
        use broker_group::Change;
        match change {
            Change::Create { name, description, vpc, tags } => {
                let (name, description) = (name.clone(), description.clone());
                let (vpc, tags) = (vpc.clone(), tags.clone());
                let like = security_group::Change::Create { name, description, vpc, tags };
                match self.write_security_group(&like)? {
                    Answer::SecurityGroup(id) => Ok(Answer::Own(id.as_str().into())),
                    other => panic!("a group is made: {other:?}"),
                }
            }
            Change::OpenInside { id } => {
                let rule = inside(id);
                let digits = self.digits(&format!("rule {rule} of {id}"));
                let group =
                    self.security_groups.get_mut(id).ok_or(no(ErrorClass::NotFound, "InvalidGroup.NotFound"))?;
                if group.rules.values().any(|held| held.rule == rule) {
                    return Err(no(ErrorClass::AlreadyExists, "InvalidPermission.Duplicate"));
                }
                let held = super::state::HeldRule { rule, tags: [].into() };
                group.rules.insert(format!("sgr-{digits}").as_str().into(), held);
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => self.write_security_group(&security_group::Change::Delete { group: id.clone() }),
        }
    }

    pub fn write_node_interface(&mut self, change: &node_interface::Change) -> Said {
        use node_interface::Change;
        let no_interface = || no(ErrorClass::NotFound, "InvalidNetworkInterfaceID.NotFound");
        match change {
            Change::Create { node, subnet, vpc, zone, group, tags } => {
                if !self.security_groups.contains_key(group) {
                    return Err(no(ErrorClass::NotFound, "InvalidGroup.NotFound"));
                }
                let held = self.subnets.get(subnet).ok_or(no(ErrorClass::NotFound, "InvalidSubnetID.NotFound"))?;
                let first = u32::from(held.cidr.network());
                let key = format!("interface {node} in {subnet}");
                let id = InterfaceId::new(format!("eni-{}", self.digits(&key)));
                let offset = 9 + u32::try_from(node.0).expect("an id") * 4 + self.made[&key];
                let address = Ipv4Addr::from(first + offset);
                let held = HeldInterface {
                    vpc: vpc.clone(),
                    subnet: subnet.clone(),
                    zone: zone.clone(),
                    address,
                    groups: [group.clone()].into(),
                    holder: None,
                    tags: tags.clone(),
                };
                self.interfaces.insert(id.clone(), held.into());
                Ok(Answer::Interface(id, address))
            }
            Change::SetGroup { id, group } => {
                let held = self.interfaces.get_mut(id).ok_or_else(no_interface)?;
                held.groups = [group.clone()].into();
                let holder = held.holder.clone();
                if let Some(host) = holder.and_then(|holder| self.instances.get_mut(&holder)) {
                    host.groups = [group.clone()].into();
                }
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => {
                let held = self.interfaces.get(id).ok_or_else(no_interface)?;
                if held.holder.is_some() {
                    return Err(in_use("InvalidParameterValue"));
                }
                self.interfaces.remove(id);
                Ok(Answer::Accepted)
            }
        }
    }

    pub fn write_volume(&mut self, change: &volume::Change) -> Said {
        use volume::Change;
        let no_volume = || no(ErrorClass::NotFound, "InvalidVolume.NotFound");
        match change {
            Change::Create { node, zone, size, volume_type, tags } => {
                let id = VolumeId::new(format!("vol-{}", self.digits(&format!("volume {node}"))));
                let held = HeldVolume {
                    zone: zone.clone(),
                    size: *size,
                    volume_type: *volume_type,
                    ready_at: self.now + TAKES,
                    failed: false,
                    holder: None,
                    tags: tags.clone(),
                };
                self.volumes.insert(id.clone(), held.into());
                Ok(Answer::Own(id.as_str().into()))
            }
            Change::Attach { id, instance } => {
                let (now, wrong) = (self.now, || no(ErrorClass::NotFound, "IncorrectState"));
                let runs = self.instances.get(instance).is_some_and(|host| host.state == InstanceState::Running);
                let held = self.volumes.get_mut(id).ok_or_else(no_volume)?;
                if held.holder.is_some() {
                    return Err(in_use("VolumeInUse"));
                }
                if !runs || held.ready_at > now || held.failed {
                    return Err(wrong());
                }
                held.holder = Some(instance.clone());
                Ok(Answer::Accepted)
            }
            Change::Delete { id } => {
                let held = self.volumes.get(id).ok_or_else(no_volume)?;
                if held.holder.is_some() {
                    return Err(in_use("VolumeInUse"));
                }
                self.volumes.remove(id);
                Ok(Answer::Accepted)
            }
        }
    }

    pub fn write_node_instance(&mut self, change: &node_instance::Change) -> Said {
        use node_instance::Change;
        let no_instance = || no(ErrorClass::NotFound, "InvalidInstanceID.NotFound");
        match change {
            Change::Launch(launch) => self.launch(launch),
            Change::Start { id } => {
                let until = self.now + TAKES;
                let host = self.instances.get_mut(id).ok_or_else(no_instance)?;
                if host.state != InstanceState::Stopped {
                    return Err(no(ErrorClass::NotFound, "IncorrectInstanceState"));
                }
                host.state = InstanceState::Pending;
                self.machines.get_mut(id).ok_or_else(no_instance)?.pending_until = Some(until);
                Ok(Answer::Accepted)
            }
            Change::Unprotect { id } => {
                self.machines.get_mut(id).ok_or_else(no_instance)?.protected = false;
                Ok(Answer::Accepted)
            }
            Change::Terminate { id } => {
                if self.machines.get(id).ok_or_else(no_instance)?.protected {
                    return Err(no(ErrorClass::Invalid, "OperationNotPermitted"));
                }
                self.instances.get_mut(id).ok_or_else(no_instance)?.state = InstanceState::Terminated;
                Ok(Answer::Accepted)
            }
        }
    }

    fn launch(&mut self, launch: &Launch) -> Said {
        let Launch { node, interface, machine, image, tags, .. } = launch;
        let held = self.interfaces.get(interface);
        let held = held.ok_or(no(ErrorClass::NotFound, "InvalidNetworkInterfaceID.NotFound"))?.clone();
        if held.holder.is_some() {
            return Err(in_use("InvalidNetworkInterface.InUse"));
        }
        let id = InstanceId::new(format!("i-{}", self.digits(&format!("instance {node}"))));
        let host = Instance {
            state: InstanceState::Pending,
            vpc: held.vpc.clone(),
            zone: held.zone.clone(),
            address: held.address,
            groups: held.groups.clone(),
            tags: tags.clone(),
            up: false,
        };
        self.instances.insert(id.clone(), host.into());
        let made = HeldMachine {
            interface: interface.clone(),
            instance_type: machine.instance_type.clone(),
            image: image.clone(),
            protected: true,
            pending_until: Some(self.now + TAKES),
            gone_at: None,
        };
        self.machines.insert(id.clone(), made.into());
        self.interfaces.get_mut(interface).expect("seen above").holder = Some(id.clone());
        Ok(Answer::Own(id.as_str().into()))
    }

    /// Instances start and go; Kafka runs where a machine has its volume.
    pub fn tick_machines(&mut self) {
        let now = self.now;
        for (id, machine) in self.machines.iter_mut() {
            let host = self.instances.get_mut(id).expect("every machine is an instance");
            match host.state {
                InstanceState::Pending if machine.pending_until.is_some_and(|until| until <= now) => {
                    host.state = InstanceState::Running;
                    machine.pending_until = None;
                }
                InstanceState::Terminated => {
                    machine.gone_at.get_or_insert(now + TAKES);
                }
                _ => {}
            }
            let running = host.state == InstanceState::Running;
            host.up = running && self.volumes.values().any(|volume| volume.holder.as_ref() == Some(id));
        }
        let gone = self.machines.iter().filter(|(_, machine)| machine.gone_at.is_some_and(|at| at <= now));
        for id in gone.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.machines.remove(&id);
            for interface in self.interfaces.values_mut().filter(|held| held.holder.as_ref() == Some(&id)) {
                interface.holder = None;
            }
            for volume in self.volumes.values_mut().filter(|held| held.holder.as_ref() == Some(&id)) {
                volume.holder = None;
            }
        }
    }
}

fn inside(id: &SecurityGroupId) -> Rule {
    let direction = kpl_core::model::Direction::Ingress;
    Rule { direction, peer: Peer::Group(id.clone()), traffic: Traffic::Tcp(broker_group::INSIDE) }
}

pub fn broker_groups(aws: &Aws, scope: &Scope) -> Vec<BrokerGroup> {
    let owned = aws.security_groups.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    let of_nodes = owned.filter(|(_, held)| is_of_nodes(&held.tags));
    let seen = of_nodes.map(|(id, held)| BrokerGroup {
        id: id.clone(),
        vpc: held.vpc.clone(),
        open_inside: held.rules.values().any(|held| held.rule == inside(id)),
        tags: Seen::Read(held.tags.clone()),
    });
    seen.collect()
}

/// Two groups carry our owner tag.
pub fn is_of_nodes(tags: &kpl_core::model::Tags) -> bool {
    tags.get(kpl_core::model::RESOURCE_TAG).is_some_and(|key| key == "broker-sg")
}

pub fn interfaces(aws: &Aws, scope: &Scope) -> Vec<NodeInterface> {
    let owned = aws.interfaces.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    let seen = owned.map(|(id, held)| NodeInterface {
        id: id.clone(),
        vpc: held.vpc.clone(),
        subnet: held.subnet.clone(),
        zone: held.zone.clone(),
        address: held.address,
        groups: held.groups.clone(),
        attached: held.holder.is_some(),
        tags: Seen::Read(held.tags.clone()),
    });
    seen.collect()
}

pub fn volumes(aws: &Aws, scope: &Scope) -> Vec<Volume> {
    let owned = aws.volumes.iter().filter(|(_, held)| ours(&scope.owner, &held.tags));
    let seen = owned.map(|(id, held)| Volume {
        id: id.clone(),
        size: held.size,
        volume_type: held.volume_type,
        state: match &held.holder {
            _ if held.failed => VolumeState::Unusable,
            Some(_) => VolumeState::InUse,
            None if held.ready_at > aws.now => VolumeState::Creating,
            None => VolumeState::Available,
        },
        attached: held.holder.clone(),
        tags: Seen::Read(held.tags.clone()),
    });
    seen.collect()
}

/// Terminated ones that still hold something are shutting down; others are not listed.
pub fn instances(aws: &Aws, scope: &Scope) -> Vec<NodeInstance> {
    let machines = aws.machines.iter().map(|(id, machine)| (id, machine, &aws.instances[id]));
    let owned = machines.filter(|(_, _, host)| ours(&scope.owner, &host.tags));
    let seen = owned.map(|(id, machine, host)| NodeInstance {
        id: id.clone(),
        state: match host.state {
            InstanceState::Pending => NodeState::Pending,
            InstanceState::Running => NodeState::Running,
            InstanceState::Stopped => NodeState::Stopped,
            InstanceState::Terminated => NodeState::ShuttingDown,
        },
        instance_type: machine.instance_type.clone(),
        image: machine.image.clone(),
        protected: Seen::Unread,
        tags: Seen::Read(host.tags.clone()),
    });
    seen.collect()
}

/// What the instance type of an object can do.
pub fn machine(scope: &Scope) -> Option<MachineKind> {
    let asked = scope.machine.as_ref()?;
    let newest_image = asked.image.then(|| "ami-0123456789abcdef0".into());
    Some(MachineKind { vcpus: 2, nitro: true, newest_image })
}
