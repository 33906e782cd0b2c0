"""Drift by hand: whether it is repaired, by which kind of look, and whether the object says so meanwhile."""
import threading
import time
from pathlib import Path

from by_hand import DEEDS, TEAM_TAG, Deed, Hands
from calls import Log, ended, is_full, is_write, looks, writes
from results import Results
from scene import Scene

RESYNC = ("--resync", "1s", "--full-resync", "10h")
STEADY_LOOKS = 5  # that a deed is given: each shows one more of the three brokers' groups
FULL_LOOKS = 2     # that may pass until the one that was asked for is over
FIELDS = {  # what the operator keeps true, by kind of the stand-in's inventory
    "load_balancers": ("enforce", "security_groups", "attributes", "subnets", "tags"),
    "target_groups": ("check", "attributes", "targets", "tags"),
    "endpoint_services": ("principals", "acceptance_required", "zones", "tags"),
}


def drift(binary: Path, results: Results) -> None:
    scene = Scene(binary, 3, spec=f"  tags: {{ {TEAM_TAG}: streaming }}\n")
    with scene.served(*RESYNC):
        scene.create()
        scene.rest_until_checked(0)
        story = Story(scene)
        results.drift = [story.repaired(what, deed) for what, deed in DEEDS.items()]
        scene.delete()
    results.count("kinds of drift", len(results.drift))
    results.count("drift not repaired", sum(not each["repaired"] for each in results.drift))
    results.count("drift not said", sum(not each["said"] for each in results.drift))


class Story:
    """One deed after the other, and what AWS and the object show meanwhile."""

    def __init__(self, scene: Scene):
        self._scene = scene
        self._by = Hands(scene.provider, scene.world.vpc["brokers"])
        self._whole = self._picture()
        self._said: list[tuple[float, str]] = []  # when the API server announced which InSync
        threading.Thread(target=self._listen, daemon=True).start()

    def repaired(self, what: str, deed: Deed) -> dict:
        began = time.time()
        deed(self._by)
        if self._picture() == self._whole:
            raise SystemExit(f"bench: {what}: and nothing changed in AWS")
        if not self._mended(began, STEADY_LOOKS):
            self._scene.look_fully()
            if not self._mended(began, len(self._looks(began)) + FULL_LOOKS):
                self._whole = self._picture()
                return {"deed": what, "repaired": False, "look": "none", "looks": len(self._looks(began)), "said": False,
                        "seconds_to_repair": None, "seconds_until_said": None}
        self._scene.rest_until_checked(began)
        self._scene.settled()
        parts = self._looks(began)
        number = next(number for number, look in enumerate(parts) if writes(look))
        kind = "full" if is_full(parts[number]) else "steady"
        return {"deed": what, "repaired": True, "look": kind, "looks": number + 1, **self._telling(parts[number])}

    def _mended(self, began: float, most: int) -> bool:
        """Whether AWS is as it was, after so many looks at most."""
        self._scene.wait(f"{most} looks", lambda: self._picture() == self._whole or len(self._looks(began)) > most, bool)
        return self._picture() == self._whole

    def _telling(self, look: Log) -> dict:
        """Whether InSync was False when the repair was done, and had not been True again before."""
        began, done = look[0]["at"], max(map(ended, filter(is_write, look)))
        said = [(round(at - began, 2), status) for at, status in self._said if at >= began]
        repaired = round(done - began, 2)
        return {"said": [status for at, status in said if at <= repaired] == ["False"], "seconds_to_repair": repaired,
                "seconds_until_said": next((at for at, status in said if status == "False"), None)}

    def _looks(self, began: float) -> list[Log]:
        return looks(self._scene.log_since(began))

    def _listen(self) -> None:
        for link in self._scene.kube.versions(self._scene.names[0], seconds=600):
            status = link.condition("InSync")["status"]
            if not self._said or self._said[-1][1] != status:
                self._said.append((time.time(), status))

    def _picture(self) -> dict:
        """What AWS holds of the operator's, without ids that a repair changes."""
        held = self._scene.standin.inventory(self._scene.provider.id)
        groups = {arn: group["name"] for arn, group in held["target_groups"].items()}
        picture: dict = {kind: {name: {field: each[field] for field in fields} for name, each in held[kind].items()}
                         for kind, fields in FIELDS.items()}
        picture["listeners"] = {
            each["port"]: ({groups[arn]: weight for arn, weight in each["weights"].items()}, each["attributes"], each["tags"])
            for each in held["listeners"].values()}
        picture["rules"] = sorted(
            str((each["group"], each["egress"], each["protocol"], each["ports"], each["peer"]))
            for each in held["security_group_rules"].values())
        return picture
