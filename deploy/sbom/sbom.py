"""Prints what is in an image as a CycloneDX 1.6 document: Swift and Debian packages.

    sbom.py --version 1.2.0 --swift Package.resolved --dpkg /var/lib/dpkg/status \
        --os /usr/lib/os-release --component swift=6.3.1

Fails rather than print a document that its own schema refuses.
"""

import argparse
import email
import json
import sys
from urllib.parse import urlparse

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def swift_packages(path):
    """The packages that Package.resolved pins, by version or else by commit."""
    with open(path, encoding="utf-8") as file:
        pins = json.load(file)["pins"]
    for pin in pins:
        address = urlparse(pin["location"])
        namespace, _, name = (address.netloc + address.path).removesuffix(".git").rpartition("/")
        state = pin["state"]
        version = state.get("version") or state["revision"]
        yield library(name, version, PackageURL("swift", namespace, name, version))


def debian_packages(path, distribution):
    """The packages that dpkg has installed."""
    with open(path, encoding="utf-8") as file:
        paragraphs = file.read().split("\n\n")
    for fields in map(email.message_from_string, paragraphs):
        if fields["Status"] != "install ok installed":
            continue
        name, version = fields["Package"], fields["Version"]
        qualifiers = {
            "arch": fields["Architecture"],
            "distro": f"{distribution['ID']}-{distribution['VERSION_ID']}",
        }
        purl = PackageURL("deb", distribution["ID"], name, version, qualifiers)
        yield library(name, version, purl)


def distribution(path):
    """The names that os-release gives to the system."""
    with open(path, encoding="utf-8") as file:
        pairs = (line.rstrip("\n").partition("=") for line in file if "=" in line)
        return {name: value.strip('"') for name, _, value in pairs}


def library(name, version, purl=None):
    return Component(
        name=name,
        version=version,
        purl=purl,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl) if purl else f"{name}@{version}",
    )


def document(arguments):
    bom = Bom()
    bom.metadata.component = program = Component(
        name="aspayds-worker",
        version=arguments.version,
        type=ComponentType.APPLICATION,
        bom_ref="aspayds-worker",
    )
    components = [
        *swift_packages(arguments.swift),
        *debian_packages(arguments.dpkg, distribution(arguments.os)),
        *(library(*pair.split("=", 1)) for pair in arguments.component),
    ]
    bom.components.update(components)
    bom.register_dependency(program, components)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--swift", required=True, help="Package.resolved")
    parser.add_argument("--dpkg", required=True, help="/var/lib/dpkg/status")
    parser.add_argument("--os", required=True, help="/usr/lib/os-release")
    parser.add_argument("--component", action="append", default=[], metavar="NAME=VERSION")
    text = document(parser.parse_args())
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"not valid CycloneDX: {error}")
    print(text)


if __name__ == "__main__":
    main()
