"""The jars of Kafka, fetched once by Maven, and the Java that runs them."""
import re
import shutil
import subprocess
import sys
import time

from .. import cache, debian

# The newest is the last whose tools are published too: brokers of 4.4.0 are, its kafka-tools are not.
OLDEST, NEWEST = VERSIONS = ("3.7.1", "4.3.1")
JAVA = 17  # that Kafka 4 needs at least
NEEDED = {"java": "default-jre-headless", "mvn": "maven"}  # program -> Debian's package
POM = cache.BED / "kafka" / "pom.xml"
# What makes a broker small and quick to start on a machine that has others to run.
SMALL = ("-Xms64m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


class NotHere(Exception):
    """Why Kafka cannot be fetched, in one line."""


def folder(version):
    """Where the jars of a version are, fetched or not."""
    if version not in VERSIONS:
        raise ValueError(f"there is no Kafka {version} here, only {' and '.join(VERSIONS)}")
    return cache.root() / "kafka" / f"{version}-{cache.stamp([POM])}"


def build():
    """Fetches what is missing, Java and Maven too where they can be installed. Costs nothing the second time."""
    if all(folder(version).is_dir() for version in VERSIONS):
        return
    _have_maven()
    for version in VERSIONS:
        with cache.made_once(folder(version)) as unfinished:
            if unfinished:
                cache.say(f"fetching Kafka {version} by Maven: 46 MB, takes 10-30 s once")
                began = time.monotonic()
                work = unfinished / "repository"  # not the user's ~/.m2: all of it is given back
                try:
                    subprocess.run(["mvn", "-B", "-q", "-Dstyle.color=never", "-f", POM, f"-Dmaven.repo.local={work}", f"-Dkafka.version={version}",
                                    "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"],
                                   check=True, stdout=sys.stderr)
                except subprocess.CalledProcessError as error:
                    raise NotHere(f"Maven failed with status {error.returncode}: see above")
                shutil.rmtree(work)
                cache.say(f"fetched in {time.monotonic() - began:.0f} s")


def _have_maven():
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if not missing:
        return
    if not debian.may_install():
        raise NotHere(f"Maven and Java {JAVA} are needed to fetch Kafka: apt-get install {' '.join(missing)}")
    cache.say(f"installing Debian's {' and '.join(missing)}, to fetch and run Kafka: takes a minute once")
    began = time.monotonic()
    try:
        debian.install(*missing)
    except subprocess.CalledProcessError as error:
        raise NotHere(f"Debian's {' and '.join(missing)} cannot be installed: apt-get failed with status {error.returncode}, see above")
    cache.say(f"installed in {time.monotonic() - began:.0f} s")


def why_not():
    """Why no broker can run here, in one line; None when one can."""
    java = shutil.which("java")
    if not java:
        return f"no real Kafka: there is no Java here (apt-get install {NEEDED['java']}, {JAVA} or newer)"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if not found or int(found.group(1)) < JAVA:
        return f"no real Kafka: this Java is older than {JAVA}: {said.splitlines()[0]}"
    missing = [version for version in VERSIONS if not folder(version).is_dir()]
    if missing:
        return f"no real Kafka: {' and '.join(missing)} not fetched: run `bed.py build --only kafka`"
    return None


def available():
    """Whether brokers can run here; says why when they cannot."""
    reason = why_not()
    if reason:
        cache.say(reason)
    return reason is None


def command(version, java_class, *args, options=()):
    """What runs a class of Kafka's."""
    return ["java", *SMALL, *options, "-cp", f"{folder(version)}/*", java_class, *args]
