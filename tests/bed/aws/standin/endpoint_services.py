"""The provider's side of PrivateLink: endpoint services and who may connect to them."""
import re

from moto.core.responses import ActionResult
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses._base_response import EC2BaseResponse

from .ec2_requests import filtered, filters, tags_for
from .errors import ec2, no_load_balancer
from .store import new_hex, now, page, stores_in

BLOCKING = ("pendingAcceptance", "pending", "available")  # connections that hold a service
PRINCIPAL = re.compile(r"\*|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[\w+=,.@-]+)")  # no path: AWS refuses one


class EndpointService(TaggedEC2Resource):
    def __init__(self, store, load_balancers, acceptance_required, address_types):
        self.ec2_backend, self.store = store.ec2, store  # ec2_backend: moto's name, its tags need it
        self.id = f"vpce-svc-{new_hex(17)}"
        self.name = f"com.amazonaws.vpce.{store.region}.{self.id}"
        self.acceptance_required = acceptance_required
        self.address_types = address_types or ["ipv4"]
        self.principals = {}  # ARN -> permission id
        self.zones = {}       # load balancer ARN -> [(zone name, zone id)] as of its association
        self.hidden_until, self.gone_at = store.hidden_until(), None
        self.available_at = now() + store.setting("service_pending")
        for balancer in load_balancers:
            self.associate(balancer)

    load_balancer_arns = property(lambda self: list(self.zones))

    def associate(self, balancer):
        """Takes a load balancer in, or looks at the zones of one again."""
        self.zones[balancer.arn] = _zones(balancer)

    @property
    def deleted(self):
        return self.gone_at is not None and self.gone_at <= now()

    def holds(self, arn):
        return arn in self.zones and not self.deleted

    def state(self):
        if self.gone_at is not None:
            return "Deleted" if self.deleted and self.store.setting("deleted_services_are_shown") else "Deleting"
        return self.store.forced.get(self.id) or ("Available" if now() >= self.available_at else "Pending")

    def offered(self):
        """The (name, id) of the zones that consumers may connect in."""
        zones = dict(self.zones)
        if self.store.setting("service_zones_follow_set_subnets"):
            zones = {arn: _zones(self.store.load_balancers[arn]) for arn in zones if arn in self.store.load_balancers}
        return sorted({zone for some in zones.values() for zone in some}, key=lambda zone: zone[1])

    def endpoints(self):
        """(account, endpoint) of every consumer, in this region's accounts."""
        return [(store.account, endpoint) for store in stores_in(self.store.region)
                for endpoint in list(store.endpoints.values()) if endpoint.service_name == self.name]

    def live(self):
        return [endpoint.id for _, endpoint in self.endpoints() if endpoint.connection_state() in BLOCKING]

    def admits(self, account):
        return account == self.store.account or any(p == "*" or f":iam::{account}:" in p for p in self.principals)

    def tags(self):
        return dict(self.ec2_backend.tags.get(self.id, {}))

    def shown(self):
        base = f"{self.id}.{self.store.region}.vpce.amazonaws.com"
        return {
            "ServiceType": [{"ServiceType": "Interface"}], "ServiceId": self.id, "ServiceName": self.name,
            "ServiceState": self.state(), "AvailabilityZones": [name for name, _ in self.offered()],
            "AvailabilityZoneIds": [zone_id for _, zone_id in self.offered()],
            "AcceptanceRequired": self.acceptance_required, "ManagesVpcEndpoints": False,
            "NetworkLoadBalancerArns": self.load_balancer_arns, "SupportedIpAddressTypes": self.address_types,
            "BaseEndpointDnsNames": [base], "RemoteAccessEnabled": False, "SupportedRegions": [],
            "Tags": [{"Key": k, "Value": v} for k, v in self.tags().items()],
        }


def _zones(balancer):
    return [(subnet.availability_zone, subnet.availability_zone_id) for subnet in balancer.subnets.values()]


class EndpointServices(EC2BaseResponse):
    """The actions; put before moto's own by `install`."""

    def create_vpc_endpoint_service_configuration(self):
        store, token = self.store, self._get_param("ClientToken")
        parameters = {k: v for k, v in self._get_params().items() if k != "ClientToken"}
        repeated = self._repeated(token, parameters)
        if repeated is not None:
            return ActionResult({"ServiceConfiguration": repeated.shown(), "ClientToken": token})
        arns = self._get_param("NetworkLoadBalancerArns", [])
        if not arns:
            raise ec2("InvalidParameter", "exactly one network load balancer or gateway load balancer is required")
        if self._get_param("PrivateDnsName"):
            raise ec2("InvalidParameter", "The stand-in has no private DNS names")
        service = EndpointService(store, self._free_load_balancers(arns, None), self._get_param("AcceptanceRequired", True),
                                  self._get_param("SupportedIpAddressTypes", []))
        tags = tags_for(self, "vpc-endpoint-service")
        store.services[service.id] = service
        service.add_tags(tags)
        if token:
            store.tokens["CreateVpcEndpointServiceConfiguration", token] = (parameters, service)
        return ActionResult({"ServiceConfiguration": service.shown(), "ClientToken": token})

    def describe_vpc_endpoint_service_configurations(self):
        store, ids = self.store, self._get_param("ServiceIds", [])
        if not ids:
            services = [s for s in store.services.values() if store.seen(s.hidden_until)]
        else:
            services = [self._service(service_id) for service_id in ids]
        found = filtered(filters(self), services, lambda s: (
            {"service-id": s.id, "service-name": s.name, "service-state": s.state(),
             "supported-ip-address-types": s.address_types}, s.tags()))
        shown, more = page(found, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"ServiceConfigurations": [s.shown() for s in shown], "NextToken": more})

    def modify_vpc_endpoint_service_configuration(self):
        service = self._service(self._get_param("ServiceId"))
        added, removed = self._get_param("AddNetworkLoadBalancerArns", []), self._get_param("RemoveNetworkLoadBalancerArns", [])
        if service.gone_at is not None:
            raise ec2("InvalidParameter", f"The service {service.id} is being deleted")  # unverified
        unknown = [arn for arn in removed if arn not in service.zones]
        if unknown:
            raise ec2("InvalidParameter", f"{unknown[0]} is not associated with {service.id}")  # unverified
        if removed and service.live():
            raise ec2("ExistingVpcEndpointConnections", "Service has existing active VPC Endpoint connections!")
        if set(service.zones) <= set(removed) and not added:
            raise ec2("InvalidParameter", "A service needs at least one load balancer")
        balancers = self._free_load_balancers(added, service)
        for arn in removed:
            del service.zones[arn]
        for balancer in balancers:
            service.associate(balancer)
        if self._get_param("AcceptanceRequired") is not None:
            service.acceptance_required = self._get_param("AcceptanceRequired")
        return ActionResult({"Return": True})

    def delete_vpc_endpoint_service_configurations(self):
        store, bad = self.store, []
        for service_id in self._get_param("ServiceIds", []):
            service = store.services.get(service_id)
            if service is None or service.deleted:
                bad.append(_item(service_id, "InvalidVpcEndpointService.NotFound", f"The VpcEndpointService Id '{service_id}' does not exist"))
            elif service.live():
                bad.append(_item(service_id, "ExistingVpcEndpointConnections", "Service has existing active VPC Endpoint connections!"))
            elif service.gone_at is None:
                service.gone_at = now() + store.setting("service_deleting")
        store.settle()
        return ActionResult({"Unsuccessful": bad})

    def modify_vpc_endpoint_service_permissions(self):
        service = self._service(self._get_param("ServiceId"))
        added, removed = self._get_param("AddAllowedPrincipals", []), self._get_param("RemoveAllowedPrincipals", [])
        for principal in added:
            if not PRINCIPAL.fullmatch(principal):
                raise ec2("InvalidPrincipal", f"Invalid Principal: '{principal}'")
        new = [p for p in dict.fromkeys(added) if p not in service.principals]
        service.principals.update((p, f"vpce-svc-perm-{new_hex(17)}") for p in new)
        for principal in removed:
            service.principals.pop(principal, None)
        return ActionResult({"AddedPrincipals": [_principal(service, p) for p in new if p in service.principals], "ReturnValue": True})

    def describe_vpc_endpoint_service_permissions(self):
        service = self._service(self._get_param("ServiceId"))
        found = filtered(filters(self), [_principal(service, p) for p in service.principals], lambda p: (
            {"principal": p["Principal"], "principal-type": p["PrincipalType"]}, {}))
        shown, more = page(found, self._get_int_param("MaxResults"), self._get_param("NextToken"), 1000)
        return ActionResult({"AllowedPrincipals": shown, "NextToken": more})

    def describe_vpc_endpoint_services(self):
        """As a consumer sees them: only services that admit its account."""
        names = self._get_param("ServiceNames", [])
        if not names or not all(n.startswith("com.amazonaws.vpce.") for n in names):
            return super().describe_vpc_endpoint_services()
        services = [find_service(self.region, name, self.current_account) for name in names]
        details = [{**s.shown(), "Owner": s.store.account, "ServiceRegion": self.region, "VpcEndpointPolicySupported": False}
                   for s in services]
        return ActionResult({"ServiceNames": names, "ServiceDetails": details})

    def _service(self, service_id):
        service = self.store.services.get(service_id)
        if service is None or not self.store.seen(service.hidden_until):
            raise ec2("InvalidVpcEndpointServiceId.NotFound", f"The VpcEndpointService Id '{service_id}' does not exist")
        return service

    def _free_load_balancers(self, arns, service):
        store, balancers = self.store, []
        for arn in arns:
            balancer = store.load_balancers.get(arn)
            if balancer is None:
                raise no_load_balancer(arn)  # unverified
            if balancer.state(store) != "active" and store.setting("service_needs_active_load_balancer"):
                raise ec2("InvalidParameter", f"Load balancer {arn} is not active")  # unverified
            if any(other.holds(arn) for other in store.services.values() if other is not service):
                raise ec2("InvalidParameter", f"LBs are already associated with another VPC Endpoint Service Configuration: {arn}")
            balancers.append(balancer)
        return balancers

    def _repeated(self, token, parameters):
        """The service that this token made before, or None when a new one is to be made."""
        before = self.store.tokens.get(("CreateVpcEndpointServiceConfiguration", token)) if token else None
        if before is None:
            return None
        mismatch = ec2("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with "
                       "arguments used in previous request(s).")
        asked, service = before
        deleted = service.id not in self.store.services or service.gone_at is not None
        if deleted:
            answer = self.store.setting("token_of_deleted_service")
            if answer == "mismatch":
                raise mismatch
            return service if answer == "deleted" else None
        if asked != parameters:
            raise mismatch
        return service


def find_service(region, name, account):
    """The service of that name, if the account may know of it."""
    for store in stores_in(region):
        for service in store.services.values():
            if service.name == name and service.admits(account) and service.gone_at is None:
                return service
    raise ec2("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


def _item(resource_id, code, message):
    return {"ResourceId": resource_id, "Error": {"Code": code, "Message": message}}


def _principal(service, arn):
    kind = "All" if arn == "*" else {"root": "Account", "user": "User", "role": "Role"}[arn.split(":")[-1].split("/")[0]]
    return {"Principal": arn, "PrincipalType": kind, "ServiceId": service.id, "ServicePermissionId": service.principals[arn]}
