"""Status of a pod, as a kubelet writes it."""
from .registration import now


def patch(pod, state, running):
    """What is said of a pod whose one container is in this state."""
    ready = bool(running and running.ready)
    (container,) = pod.found["spec"]["containers"][:1]
    status = {"name": container["name"], "image": container["image"], "imageID": container["image"], "ready": ready,
              "started": bool(running and running.started), "restartCount": pod.restarts, "state": state,
              "lastState": {"terminated": pod.last_end["said"]} if pod.last_end else {}}
    if "terminated" in state:
        phase = "Succeeded" if state["terminated"]["exitCode"] == 0 else "Failed"
    else:
        phase = "Running" if running or pod.last_end else "Pending"
    why = {} if ready else {"reason": "ContainersNotReady", "message": f"containers with unready status: [{container['name']}]"}
    return {
        "phase": phase, "hostIP": "127.0.0.1", "podIP": pod.address, "podIPs": [{"ip": pod.address}], "startTime": pod.began,
        "conditions": [condition(pod, "PodReadyToStartContainers", True), condition(pod, "Initialized", True),
                       condition(pod, "ContainersReady", ready, why), condition(pod, "Ready", ready, why)],
        "containerStatuses": [status]}


def condition(pod, kind, holds, why=None):
    """Its time is that of its last change, so an unchanged status is an equal one."""
    former = pod.conditions.get(kind)
    if not former or former["status"] != str(holds):
        former = {"type": kind, "status": str(holds), "lastTransitionTime": now()}
        pod.conditions[kind] = former
    return {**former, **(why or {"reason": None, "message": None})}
