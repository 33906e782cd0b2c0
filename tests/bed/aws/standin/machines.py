"""Machines: an instance with our kind of user data runs it for real, while the setting `machines` is on.

The broker's part of the user data is a process of its own, at each boot; when it has ended well and has asked for it, so is
the service that it wrote. One thread looks after all of them: the kernel ends them with that thread.
"""
import logging
import shutil
import threading
import time
from pathlib import Path

from .machine import Machine, Phase
from .machine_parts import user_data
from .store import LOCK

PAUSE = 0.05  # seconds between two looks
log = logging.getLogger("standin.machines")


class Machines:
    def __init__(self):
        self._folder = None
        self._all = {}       # instance id -> Machine; one that was terminated stays for its console
        self._lock = threading.RLock()

    def begin(self, folder):
        """`folder` gets a root folder for each machine, and one for each volume; `opt` in it is theirs to share."""
        self._folder = Path(folder).resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._run, name="machines", daemon=True).start()

    # ---- what happens to instances. Wants LOCK held.
    def start(self, store, instance):
        read = user_data(instance.user_data) if store.setting("machines") else None
        with self._lock:
            if read is None:
                self._all.pop(instance.id, None)  # its user data has changed
                return
            if instance.id not in self._all:
                self._all[instance.id] = Machine(instance.id, self._folder)
            self._all[instance.id].switch_on(read, instance.private_ip)
            self._all[instance.id].store, self._all[instance.id].instance = store, instance

    def stop(self, instance_id):
        """In an orderly way. It goes on to be on until its service has ended."""
        with self._lock:
            if instance_id in self._all:
                machine = self._all[instance_id]
                machine.switch_off(machine.store.setting("machine_stopping"))

    def forget(self, instance_id):
        """An instance was terminated: its root goes, volumes stay."""
        with self._lock:
            if instance_id in self._all:
                self._all[instance_id].remove_root()

    def forget_volume(self, volume_id):
        shutil.rmtree(self._folder / "volumes" / volume_id, ignore_errors=True)

    # ---- questions
    def is_on(self, instance_id):
        with self._lock:
            return instance_id in self._all and self._all[instance_id].is_on()

    def is_halted(self, instance_id):
        with self._lock:
            return instance_id in self._all and self._all[instance_id].halted

    def console(self, instance_id):
        with self._lock:
            return self._all[instance_id].console() if instance_id in self._all else b""

    # ---- what a test does to them
    def kill(self, instance_id):
        """Its service ends by SIGKILL; whether it is started again is its unit's to say."""
        with self._lock:
            self._all[instance_id].kill()

    def halt(self, instance_id):
        """All stops at once, and its status checks fail, until the instance is stopped or terminated."""
        with self._lock:
            self._all[instance_id].halt()

    def shown(self, account, region):
        with self._lock:
            return {m.id: m.shown() for m in self._all.values() if (m.store.account, m.store.region) == (account, region)}

    def end(self):
        """Of the stand-in: nothing has to be handed over any more."""
        with self._lock:
            for machine in self._all.values():
                machine.halt()

    # ----
    def _run(self):
        while True:
            with self._lock:
                on = [machine for machine in self._all.values() if machine.is_on()]
            for machine in on:
                try:
                    volume_id = self._data_volume(machine) if machine.phase is Phase.WAITING else None
                    with self._lock:
                        machine.step(volume_id)
                except Exception:  # a bug here: seen in the log, and tests look there
                    log.exception("%s stumbled", machine.id)
            time.sleep(PAUSE)

    def _data_volume(self, machine):
        """The volume that is attached besides the root."""
        with LOCK:
            machine.store.settle()
            for volume in machine.store.ec2.volumes.values():
                attachment = volume.attachment
                if attachment is not None and attachment.instance is machine.instance and attachment.status in ("attached", "busy") \
                        and not machine.instance.block_device_mapping[attachment.device].delete_on_termination \
                        and machine.wanted_volume in (None, volume.id):
                    return volume.id
        return None


MACHINES = Machines()
