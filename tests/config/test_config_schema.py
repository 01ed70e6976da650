"""The JSON schema for editors accepts what the program accepts."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.config import config_schema
from reconciler.config.models import SECTIONS
from reconciler.config.schema import Document
from tests.config.conftest import reconciled

HERE = Path(__file__).parent
GOOD = sorted((HERE / "good").glob("*.yaml"))
EXAMPLES = reconciled((HERE.parents[1] / "examples").glob("*/*.yaml"))
REFUSED = [
    "crm-is-a-text",
    "dynamic-tags-is-a-mapping",
    "fields-is-a-list",
    "missing-dynamic-from",
    "missing-points",
    "negative-limit",
    "percent-over-100",
    "push-misspelt",
    "rule-level-wrong",
    "score-is-a-mapping",
    "secret-literal",
    "tag-is-a-text",
    "tag-push-if-empty",
    "tags-is-a-list",
    "unknown-adapter",
    "unknown-adapter-option",
    "unknown-field-key",
    "unknown-limit",
    "unknown-option-key",
    "unknown-rule",
    "unknown-section",
    "unknown-tag-key",
    "version-missing",
    "version-quoted",
    "version-two",
    "yes-is-not-true",
]


class Bare(YAML):
    """Plain data as an editor sees it: dates stay texts."""

    def __init__(self) -> None:
        super().__init__(typ="safe", pure=True)
        self.Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def read(path: Path) -> object:
    return _with_text_keys(Bare().load(path.read_text(encoding="utf-8")))


def _with_text_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(inner) for key, inner in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def schema(crm, source):
    return config_schema(crm, source)


def test_the_schema_is_a_schema(schema):
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_the_schema_accepts_every_good_file(schema, path):
    assert [e.message for e in Draft202012Validator(schema).iter_errors(read(path))] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_schema_accepts_the_examples(path):
    schema = config_schema(options_models(CRM), options_models(SOURCE))
    assert [e.message for e in Draft202012Validator(schema).iter_errors(read(path))] == []


@pytest.mark.parametrize("name", REFUSED)
def test_the_schema_refuses_what_an_editor_can_know_to_be_wrong(schema, name):
    assert not Draft202012Validator(schema).is_valid(read(HERE / "broken" / f"{name}.yaml"))


def test_the_same_models_give_the_same_schema_in_any_order(crm, source, schema):
    turned = config_schema(dict(reversed(crm.items())), dict(reversed(source.items())))
    assert json.dumps(turned) == json.dumps(schema)


def test_the_schema_is_plain_json(schema):
    assert json.loads(json.dumps(schema)) == schema


def test_every_key_of_an_entry_has_a_description(schema):
    for part in ("FieldEntry", "TagEntry", "IdentitySection", "LimitsSection", "ContactsSection"):
        for key, shape in schema["$defs"][part]["properties"].items():
            assert shape.get("description"), f"{part}.{key}"


def test_an_option_of_one_adapter_is_refused_for_another(schema):
    file = {"version": 1, "crm": {"type": "local", "path": "crm.db", "token": "${env:T}"}}
    assert not Draft202012Validator(schema).is_valid(file)
    file["crm"] = {"type": "hub", "token": "${env:T}"}
    assert Draft202012Validator(schema).is_valid(file)


def test_the_schema_has_the_sections_that_are_read() -> None:
    assert tuple(Document.model_fields) == SECTIONS
