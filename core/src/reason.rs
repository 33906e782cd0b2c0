//! Why a condition is as it is: the words that programs compare, and `docs/conditions.md` explains.

use strum::{EnumIter, EnumString, IntoStaticStr};

/// The reason of a condition. Written as it is named here; a name never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, EnumString, IntoStaticStr)]
pub enum Reason {
    /// AWS did not say whose credentials the operator has.
    AccountUnknown,
    /// The load balancer routes.
    Active,
    /// A broker's address is not in the VPC.
    AddressNotInVpc,
    /// A broker advertises another host than it has to.
    AdvertisesOtherAddress,
    /// A broker advertises another port than it has to.
    AdvertisesOtherPort,
    /// A broker advertises the host of a zone that it is not in.
    AdvertisesOtherZone,
    /// Every broker takes connections.
    AllHealthy,
    /// AWS has something of that name already.
    AlreadyExists,
    /// A broker refuses the log-in.
    AuthenticationFailed,
    /// A broker asks for a log-in, and there is none.
    AuthenticationNeeded,
    /// Consumers can connect.
    Available,
    /// Much would go, and nobody has confirmed it.
    AwaitingConfirmation,
    /// The consumer has not said the hosts, so nothing can be proved.
    AwaitingConsumerDomain,
    /// A broker's id is no number.
    BrokerIdInvalid,
    /// A broker has no id.
    BrokerIdMissing,
    /// A broker is not in the zone that the spec says.
    BrokerInOtherZone,
    /// A broker runs and lacks the listener that it had.
    BrokerMissingListener,
    /// An instance does not exist.
    BrokerNotFound,
    /// A broker answers and Kafka does not list it.
    BrokerNotListed,
    /// Kafka tells clients of a broker that has no port.
    BrokerNotOffered,
    /// A broker runs with what it had to advertise before.
    BrokerNotRestarted,
    /// A broker is in another VPC.
    BrokerOutsideVpc,
    /// A broker does not answer.
    BrokerUnavailable,
    /// A broker is in a zone that has no subnet.
    BrokerZoneNotOffered,
    /// Some brokers take no connections.
    BrokersUnhealthy,
    /// A certificate does not name the host that clients use.
    CertificateMismatch,
    /// A certificate is not trusted.
    CertificateUntrusted,
    /// What is needed belongs to somebody else.
    Conflict,
    /// Consumers are connected to what shall go.
    ConsumersConnected,
    /// A node would join the voters, who stay those of the beginning.
    ControllersFixed,
    /// Nodes that vote are no longer in the spec.
    ControllersRemoved,
    /// Nobody says which nodes vote.
    ControllersUnknown,
    /// An even number of nodes would vote.
    ControllersUneven,
    /// Hosts lead to no zone, and brokers are reached through theirs only.
    CrossZoneNeeded,
    /// It is gone, as it shall be.
    Deleted,
    /// The object goes.
    Deleting,
    /// Deletion protection holds the load balancer.
    DeletionProtected,
    /// The operator's role lacks a right.
    Denied,
    /// The API server refuses the `ConfigMap` of the object.
    ConfigMapRefused,
    /// A `ConfigMap` of that name belongs to somebody else.
    ConfigMapTaken,
    /// AWS is not as the spec says.
    Differs,
    /// Two brokers have one id.
    DuplicateBrokerId,
    /// A dynamic value of listeners hides a listener from clients.
    DynamicListenersOverride,
    /// The gateway endpoint goes.
    GatewayEndpointDeleting,
    /// The TLS handshake failed.
    HandshakeFailed,
    /// No broker has passed its checks yet.
    HealthChecksPending,
    /// Another cluster acts on the resources.
    HeldByOtherCluster,
    /// The host template makes a name that is none.
    HostInvalid,
    /// The consumer has not said the hosts.
    HostTemplateMissing,
    /// AWS is as the spec says.
    InSync,
    /// AWS says that something is in use.
    InUse,
    /// What is wanted is not known.
    InputsUnresolved,
    /// There is no image to make instances from.
    ImageNotFound,
    /// Instances of this type cannot be nodes.
    InstanceTypeNotNitro,
    /// AWS knows no such instance type.
    InstanceTypeUnknown,
    /// An instance of a node goes.
    InstanceTerminating,
    /// Network interfaces of what went are there still.
    InterfacesLingering,
    /// The spec makes no sense to this version.
    InvalidSpec,
    /// A broker answers with an error.
    KafkaError,
    /// AWS does not know yet what it has made.
    Lag,
    /// Not every NLB listener is there.
    ListenersMissing,
    /// AWS could not make the load balancer.
    LoadBalancerFailed,
    /// The load balancer is being made.
    LoadBalancerProvisioning,
    /// A second look has to confirm the first.
    LookingAgain,
    /// A broker does not take the SASL mechanism.
    MechanismNotOffered,
    /// No broker was found.
    NoBrokersFound,
    /// No broker takes connections.
    NoHealthyBroker,
    /// The operator does not reach the load balancer.
    NoRoute,
    /// There is no endpoint service yet.
    NoService,
    /// No rule of `--policy` allows the object.
    NotAllowed,
    /// The endpoint service takes no requests.
    NotAvailable,
    /// It does not exist yet.
    NotCreated,
    /// AWS does not know it.
    NotFound,
    /// An instance of a node starts.
    NodeStarting,
    /// What a node has is not free yet.
    NodeStopping,
    /// A node's instance cannot be told what it is.
    NodeUnbootable,
    /// A node has several network interfaces.
    NodeInterfacesAmbiguous,
    /// Something that is not Kafka answers.
    NotKafka,
    /// It was not read.
    NotReadYet,
    /// It is not compared.
    NotWanted,
    /// The object only observes.
    ObserveOnly,
    /// Every resource in use is ours.
    Owned,
    /// The user lacks a right in Kafka.
    PermissionNeeded,
    /// Two brokers would have one port.
    PortClash,
    /// A port leads to another broker.
    PortLeadsToOtherBroker,
    /// Something takes connections and says nothing.
    PortSilent,
    /// The range has no port left.
    PortsExhausted,
    /// Steps are being taken.
    Progressing,
    /// One side encrypts and the other does not.
    ProtocolMismatch,
    /// A property is not the user's to set.
    PropertyRefused,
    /// It is being made.
    Provisioning,
    /// What brokers have to advertise is written down.
    Published,
    /// A quota of the account is used up.
    Quota,
    /// A read of AWS failed.
    ReadFailed,
    /// It was not looked at yet.
    Reconciling,
    /// AWS refuses a call as invalid.
    Refused,
    /// Another one takes its place.
    ReplacementInProgress,
    /// Requests of consumers wait.
    RequestsPending,
    /// Everything that the spec refers to was found.
    Resolved,
    /// A node was made with other roles than the spec says.
    RolesFixed,
    /// Every host leads to its broker.
    Routable,
    /// A Secret cannot be read, or lacks a key.
    SecretUnreadable,
    /// The endpoint service goes.
    ServiceDeleting,
    /// The endpoint service is being made.
    ServicePending,
    /// No request waits.
    Settled,
    /// Several subnets match.
    SubnetAmbiguous,
    /// A subnet has another block than the spec says.
    SubnetBlockFixed,
    /// A subnet has too few addresses.
    SubnetFull,
    /// A subnet is in another VPC.
    SubnetInOtherVpc,
    /// A subnet is in another zone.
    SubnetInOtherZone,
    /// A subnet does not exist.
    SubnetNotFound,
    /// Not every subnet is known.
    SubnetsUnresolved,
    /// Exactly the listed principals may ask.
    Synced,
    /// Connections to a broker that leaves may still end.
    TargetsDraining,
    /// Targets have not passed their checks yet.
    TargetsNotHealthyYet,
    /// AWS turns calls away.
    Throttled,
    /// More NLB listeners than a load balancer has.
    TooManyListeners,
    /// AWS fails, or does not answer.
    Transient,
    /// The spec wants no proof.
    VerificationDisabled,
    /// Every path was seen to work.
    Verified,
    /// A node's volume cannot be used any more.
    VolumeLost,
    /// A node has two volumes.
    VolumesAmbiguous,
    /// The VPC has another block than the spec says.
    VpcBlockFixed,
    /// Somebody else has something in the VPC that is to go.
    VpcInUse,
    /// The VPC does not exist.
    VpcNotFound,
    /// Nothing can be done but to wait.
    Waiting,
    /// The credentials are of another account.
    WrongAccount,
    /// A zone cannot go while consumers use it.
    ZoneChangeBlocked,
    /// The region has no such zone.
    ZoneUnknown,
    /// The service does not offer every zone of its load balancer.
    ZonesNotOffered,
    /// AWS has yet to offer a zone.
    ZonesNotOfferedYet,
}

impl Reason {
    /// As it is written in a condition.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
