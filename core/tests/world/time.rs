//! What time does by itself.

use kpl_core::model::{ConnectionState, Health, InstanceState, ServiceState, TargetGroupArn};

use super::state::{Aws, Registration};

/// How long a deregistered target drains.
pub const DRAIN: u32 = 2;
/// How long a deleted service is listed as deleting.
pub const DELETING: u32 = 2;
/// How long the registration of a terminated instance stays.
const TERMINATED_STAYS: u32 = 4;

impl Aws {
    pub fn tick(&mut self) {
        self.now += 1;
        let now = self.now;
        for lb in self.load_balancers.values_mut().filter(|lb| !lb.built && lb.busy_until <= now && !lb.failed) {
            lb.built = true;
        }
        self.gateway_endpoints.retain(|_, endpoint| endpoint.gone_at.is_none_or(|at| at > now));
        self.lingering.retain(|interfaces| interfaces.until > now);
        self.services.retain(|_, service| service.state != ServiceState::Deleted);
        for service in self.services.values_mut() {
            match service.state {
                ServiceState::Pending if service.until <= now => service.state = ServiceState::Available,
                ServiceState::Deleting if service.until <= now => service.state = ServiceState::Deleted,
                _ => {}
            }
            if let Some((_, zones)) = service.zones_to_come.take_if(|(when, _)| *when <= now) {
                service.zones = zones;
            }
            for connection in service.connections.values_mut() {
                if connection.state == ConnectionState::Pending {
                    connection.state = ConnectionState::Available;
                }
            }
        }
        self.tick_machines();
        self.check_health();
    }

    /// Every target is checked once.
    pub fn check_health(&mut self) {
        let checked: Vec<(TargetGroupArn, _)> = self
            .target_groups
            .iter()
            .map(|(arn, group)| {
                let targets = group
                    .targets
                    .iter()
                    .filter(|(_, held)| held.until.is_none_or(|until| until > self.now))
                    .map(|(target, held)| (target.clone(), self.checked(arn, target, *held)));
                (arn.clone(), targets.collect())
            })
            .collect();
        for (arn, targets) in checked {
            if self.target_groups[&arn].targets != targets {
                self.target_groups.get_mut(&arn).expect("listed above").targets = targets;
            }
        }
    }

    fn checked(&self, arn: &TargetGroupArn, target: &kpl_core::model::Target, held: Registration) -> Registration {
        if held.health == Health::Draining {
            return held;
        }
        let group = &self.target_groups[arn];
        let everywhere = group.attributes.get("load_balancing.cross_zone.enabled").is_some_and(|v| v == "true");
        let host = self.host(target);
        let used = self
            .users(arn)
            .find(|(_, lb)| lb.built && host.is_none_or(|host| everywhere || self.zones_of(lb).contains(&host.zone)));
        let running = host.is_some_and(|host| host.state == InstanceState::Running);
        let terminated = host.is_none_or(|host| host.state == InstanceState::Terminated);
        let is_instance = matches!(target.id, kpl_core::model::TargetId::Instance(_));
        let until = held.until.or((terminated && is_instance).then_some(self.now + TERMINATED_STAYS));
        let health = match used {
            None => Health::Unused,
            Some(_) if is_instance && !running => Health::Unused,
            Some(_) if held.health == Health::Unused => Health::Initial,
            Some((_, lb)) if running && host.is_some_and(|host| host.up) && self.reaches(lb, target) => Health::Healthy,
            Some(_) => Health::Unhealthy,
        };
        Registration { health, until }
    }
}
