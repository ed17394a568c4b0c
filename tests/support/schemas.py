"""Schemas for kubeconform, of kinds of Kubernetes and of operators: `python -m tests.support.schemas FOLDER [CRD...]`.

They come from Go modules (Go must be there); more definitions may be named as YAML files, such as Strimzi's, which are
in no Go module. Strict: a field that a schema does not know is an error.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KUBERNETES = "k8s.io/kubernetes@v1.34.1"
SPECIFICATION = "api/openapi-spec/swagger.json"
OPERATORS = {
    "github.com/cloudnative-pg/cloudnative-pg@v1.27.0": "config/crd/bases",
    "github.com/kedacore/keda/v2@v2.17.2": "config/crd/bases",
    "sigs.k8s.io/gateway-api@v1.3.0": "config/crd/standard",
}
REFERENCE = "#/definitions/"


def main(folder: Path, files: list[Path]) -> None:
    """Write a schema per kind and version into the folder, named as kubeconform looks for them."""
    folder.mkdir(parents=True, exist_ok=True)
    specification = json.loads((_module(KUBERNETES) / SPECIFICATION).read_text())
    written = dict(_of_kubernetes(specification["definitions"]))
    found = [path for module, below in OPERATORS.items() for path in sorted((_module(module) / below).glob("*.yaml"))]
    for path in [*found, *files]:
        for definition in yaml.safe_load_all(path.read_text()):
            written |= dict(_of_definition(definition))
    for name, schema in written.items():
        (folder / f"{name}.json").write_text(json.dumps(schema))
    print(f"{len(written)} schemas in {folder}")


def _module(name: str) -> Path:
    """Where Go keeps a module, fetched if need be."""
    with tempfile.TemporaryDirectory() as elsewhere:
        command = ["go", "mod", "download", "-json", name]
        done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])


def _of_kubernetes(definitions: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for definition in definitions.values():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            if len(definition["x-kubernetes-group-version-kind"]) == 1 and "properties" in definition:
                needed = {name: _strict(definitions[name]) for name in _needed(definition, definitions, set())}
                yield (
                    _name(kind["kind"], kind["group"], kind["version"]),
                    {**_strict(definition), "definitions": needed},
                )


def _needed(schema: Any, definitions: dict[str, Any], known: set[str]) -> set[str]:
    """The names of all definitions that a schema refers to, directly or not."""
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        if (
            isinstance(value, str)
            and value.startswith(REFERENCE)
            and (name := value.removeprefix(REFERENCE)) not in known
        ):
            known.add(name)
            _needed(definitions[name], definitions, known)
        _needed(value, definitions, known)
    return known


def _of_definition(definition: Any) -> Iterator[tuple[str, Any]]:
    if not definition or definition.get("kind") != "CustomResourceDefinition":
        return
    spec = definition["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        yield _name(spec["names"]["kind"], spec["group"], version["name"]), schema


def _name(kind: str, group: str, version: str) -> str:
    return "-".join(part for part in (kind.lower(), group.split(".")[0], version) if part)


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    if "api.resource.Quantity" in str(schema.get("$ref")):
        return {"type": ["string", "number"]}
    strict = {key: _strict(value) for key, value in schema.items()}
    if isinstance(strict.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        strict.setdefault("additionalProperties", False)
    return strict


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
