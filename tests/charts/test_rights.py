"""The rights that the chart gives: these and no other."""
import pytest
from charts import NAMESPACE, VALUES, objects, one, values_named

OBJECTS = [
    (["kafka-privatelink.io"], ["kafkaprivatelinks"], None, ["get", "list", "watch", "patch"]),
    (["kafka-privatelink.io"], ["kafkaprivatelinks/status"], None, ["patch"]),
    (["events.k8s.io"], ["events"], None, ["create", "patch"]),
    ([""], ["configmaps"], None, ["get", "create", "patch"]),
]
IDENTITY = [([""], ["namespaces"], ["kube-system"], ["get"])]
FULLNAME = "kpl-kafka-privatelink-operator"


def lease(name):
    return [(["coordination.k8s.io"], ["leases"], None, ["create"]), (["coordination.k8s.io"], ["leases"], [name], ["get", "update"])]


def rights(found):
    """(namespace or None, rules) of each role that is bound to the operator's account."""
    given = []
    for each in found:
        if each["kind"] not in ("ClusterRoleBinding", "RoleBinding"):
            continue
        role = one([role for role in found if role["metadata"].get("namespace") == each["metadata"].get("namespace")],
                   each["roleRef"]["kind"], each["roleRef"]["name"])
        account = one(found, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"]
        assert each["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]
        given.append((each["metadata"].get("namespace"), [
            (rule["apiGroups"], rule["resources"], rule.get("resourceNames"), rule["verbs"]) for rule in role["rules"]]))
    return sorted(given, key=str)


def test_cluster_wide():
    assert rights(objects(values_named("defaults"))) == sorted(
        [(None, IDENTITY), (None, OBJECTS), (NAMESPACE, lease(FULLNAME))], key=str)


def test_namespaced():
    assert rights(objects(values_named("namespaced"))) == sorted(
        [(None, IDENTITY), ("orders", OBJECTS), ("payments", OBJECTS), (NAMESPACE, lease(FULLNAME))], key=str)


def test_no_lease_no_right_to_it():
    assert rights(objects(values_named("single"))) == sorted([(None, IDENTITY), (None, OBJECTS)], key=str)


def test_secrets_are_read_by_name_and_only_where_they_are_named():
    for values in VALUES:
        of_secrets = [rule for _, rules in rights(objects(values)) for rule in rules if "secrets" in rule[1]]
        assert len(of_secrets) == (values.stem == "everything"), values
    assert (None, [*OBJECTS, ([""], ["secrets"], ["kafka-probe", "kafka-ca"], ["get"])]) in rights(objects(values_named("everything")))


def test_secrets_are_read_in_watched_namespaces_alone(tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("{ watchNamespaces: [ orders, payments ], verification: { secretNames: [ kafka-probe ] } }")
    of_secrets = {(namespace, tuple(names)) for namespace, rules in rights(objects(values))
                  for _, resources, names, _ in rules if resources == ["secrets"]}
    assert of_secrets == {("orders", ("kafka-probe",)), ("payments", ("kafka-probe",))}


def test_a_lease_of_another_name():
    assert (NAMESPACE, lease("the-lease")) in rights(objects(values_named("everything")))


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_roles_of_people_are_bound_by_nobody_and_part_of_nothing(values):
    found = objects(values)
    bound = {each["roleRef"]["name"] for each in found if each["kind"].endswith("Binding")}
    people = [each for each in found if each["kind"] == "ClusterRole" and each["metadata"]["name"] not in bound]
    expected = [] if values.stem == "single" else ["editor", "viewer"]
    assert sorted(each["metadata"]["name"].rpartition("-")[2] for each in people) == expected
    for each in people:
        assert not any("rbac.authorization.k8s.io/aggregate" in label for label in each["metadata"]["labels"])
        assert all(rule["apiGroups"] == ["kafka-privatelink.io"] for rule in each["rules"])
