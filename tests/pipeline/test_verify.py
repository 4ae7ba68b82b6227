"""The laws are checked, and each check can fail: a plan is tampered with, and the law it breaks is named."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from hardener import Plan, Profile, PublishedPorts, Secrets, Transform, VerificationError, load, plan
from hardener.profile import Exemption
from hardener.source.companions import NewFile
from hardener.target import Made
from hardener.transforms.base import Answer, Change, Confidence
from hardener.transforms.env_file import EnvFile
from hardener.verify import verify

PRODUCTION = Profile.read("production")
TEXT = """\
version: "3.8"  # old
# The front.
services:
  web:
    image: nginx:1.27  # pinned
    ports: ["80:80"]

  db:
    image: postgres:16
    environment:
      POSTGRES_USER: hunter2
"""


@pytest.fixture
def made() -> Plan:
    return plan(load(TEXT), PRODUCTION)


def broken(right: Plan, law: str, profile: Profile = PRODUCTION, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(replace(right, **changes), profile)
    told = str(caught.value)
    assert told.startswith(law)
    assert "hunter2" not in told
    return told


def rewritten(made: Plan, old: str, new: str) -> dict[str, Any]:
    """The text with a replacement, and the target that goes with it: law 2 holds."""
    assert old in made.text
    text = made.text.replace(old, new)
    return {"text": text, "target": load(text).data}


def test_a_plan_as_it_was_made_passes(made: Plan) -> None:
    after = verify(made, PRODUCTION)
    assert after.services["web"].restart == "unless-stopped"


def test_law_2_another_value(made: Plan) -> None:
    text = made.text.replace("POSTGRES_USER: hunter2", "POSTGRES_USER: hunter3")
    assert "POSTGRES_USER" in broken(made, "law 2", text=text)


def test_law_2_another_type(made: Plan) -> None:
    broken(made, "law 2", text=made.text.replace('max-file: "3"', "max-file: 3"))


def test_law_2_another_order(made: Plan) -> None:
    text = made.text.replace(
        'image: nginx:1.27  # pinned\n    ports: ["80:80"]\n', 'ports: ["80:80"]\n    image: nginx:1.27\n'
    )
    assert "order" in broken(made, "law 2", text=text)


@pytest.mark.parametrize("text", ["services: [", "services:\n  a: 1\n", "a: 1\na: 2\n", "- x\n"])
def test_law_2_unreadable(made: Plan, text: str) -> None:
    broken(made, "law 2", text=text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# The front.\n", ""),
        ("  # pinned", ""),
        ("\n\n  db:", "\n  db:"),
        ('["80:80"]', "[ '80:80' ]"),
        ("    image: postgres:16\n", "    image:  postgres:16\n"),
        ("# The front.\nservices:\n", "services:\n# The front.\n"),
        ("services:\n", "services:  \n"),
    ],
    ids=["comment line", "trailing comment", "blank line", "quotes", "blanks", "order of lines", "trailing blanks"],
)
def test_law_3(made: Plan, old: str, new: str) -> None:
    broken(made, "law 3", **rewritten(made, old, new))


def test_law_3_line_breaks(made: Plan) -> None:
    broken(made, "law 3", text=made.text.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    image: postgres:16\n", "    image: postgres:16\n    privileged: true\n"),
        ("      POSTGRES_USER: hunter2\n", "      POSTGRES_USER: hunter2\n      DEBUG: '1'\n"),
        ("services:\n", "x-new: 1\nservices:\n"),
    ],
    ids=["key", "deeper key", "top-level key"],
)
def test_law_4_a_change_too_many(made: Plan, old: str, new: str) -> None:
    broken(made, "law 4", **rewritten(made, old, new))


def test_law_4_a_service_too_many(made: Plan) -> None:
    text = made.text.replace("services:\n", "services:\n  x: {image: nginx, restart: always}\n")
    broken(made, "law 4", text=text, target=load(text).data)


def test_law_4_a_change_too_few(made: Plan) -> None:
    broken(made, "law 4", **rewritten(made, "    restart: unless-stopped\n", ""))


def test_law_4_a_change_nobody_named(made: Plan) -> None:
    rest = tuple(one for one in made.made if one.change.rule != "restart-policy")
    broken(made, "law 4", made=rest)


def test_law_4_a_change_only_said(made: Plan) -> None:
    said = Change("init", "web", ("services", "web", "tty"), "set", True, "why not", Confidence.SAFE)
    broken(made, "law 4", made=(*made.made, Made(said, said.path)))
    broken(made, "law 4", had=(said,))


def test_a_removal_only_said(made: Plan) -> None:
    text = 'version: "3.8"  # old\n' + made.text
    broken(made, "law 4", text=text, target=load(text).data)


def test_law_4_an_item_too_few() -> None:
    right = plan(load(TEXT.replace("ports:", "security_opt: [label:disable]\n    ports:")), PRODUCTION)
    tampered = rewritten(right, '[label:disable, "no-new-privileges:true"]', '["no-new-privileges:true"]')
    broken(right, "law 4", **tampered)


def test_law_4_another_change_beside_an_alias_that_gives_way() -> None:
    text = "services:\n  web: &web\n    image: nginx:1.27\n  api: *web\n"
    profile = replace(PRODUCTION, exempt=(Exemption(services=["web"], reason="asked"),))
    right = plan(load(text), profile)
    verify(right, profile)
    assert right.unshared == {("services", "api")}
    tampered = rewritten(right, "    image: nginx:1.27\n  api:", "    image: nginx:1.27\n    tty: true\n  api:")
    broken(right, "law 4", profile, **tampered)


def test_law_4_quotes_only_said() -> None:
    ports = Profile.read("production")
    right = plan(load("services:\n  a:\n    image: x\n    ports:\n      - 22:22  # ssh\n"), ports)
    verify(right, ports)
    assert '- "22:22"  # ssh' in right.text
    broken(right, "law 4", ports, **rewritten(right, '"22:22"', "22:22"))


def test_law_4_an_item_only_said() -> None:
    profile = Profile.of([PublishedPorts()])
    text = 'services:\n  app: {image: x, depends_on: [db]}\n  db:\n    image: postgres:16\n    ports: ["1:1", "2:2"]\n'
    right = plan(load(text), profile)
    verify(right, profile)
    broken(right, "law 4", profile, **rewritten(right, '"127.0.0.1:2:2"', '"2:2"'))
    broken(right, "law 4", profile, **rewritten(right, '"127.0.0.1:2:2"', '"127.0.0.1:2:2", "3:3"'))


class Restless(Transform):
    """Adds one more each time."""

    id: ClassVar = "restless"
    title: ClassVar = "Never done"

    def run(self, service: Any, context: Any) -> Iterator[Answer]:
        count = len(service.security_opt or ())
        yield self.append(service, "security_opt", f"label:{count}", "more", Confidence.SAFE)


def test_law_5() -> None:
    profile = Profile.of([Restless()])
    made = plan(load(TEXT), profile)
    assert "restless" in broken(made, "law 5", profile)


def test_nothing_made_but_text_changed_is_no_plan(made: Plan) -> None:
    with pytest.raises(VerificationError):
        verify(replace(made, made=(), had=()), PRODUCTION)


@pytest.mark.parametrize(
    "text",
    [
        '\ufeffversion: "3"\nservices:\n  web:\n    image: nginx\n',
        '\ufeffversion: "3"\r\n\r\nservices:\r\n  web:\r\n    image: nginx\r\n',
        'services:\n  web:\n    image: nginx\nversion: "3"',
        "services:\n  web:\n    image: nginx",
        "services:\n  web:\n    restart:\n    image: nginx",
        "services: {web: {image: nginx,}}",
        '{"version": "3", "services": {"web": {"image": "nginx"}}}',
        "services:\n  web:\n    image: nginx\n    command: |\n      serve\n",
        "services:\n  web:\n    image: nginx\n    logging: &l {driver: local}\n  api:\n    image: x\n    logging: *l\n",
        "x-l: &l\n  driver: json-file\nservices:\n  web:\n    image: nginx\n    logging: *l\n",
        "services:\n  web:\n    image: &i nginx\n    logging: &l {driver: local}\n  api: {image: *i, logging: *l}\n",
        "x-l: &l {driver: local}\nservices:\n  web: {image: nginx, logging: *l}\n",
        "? services\n: web:\n    image: nginx\n",
        'x-a: >+\n  text\nversion: "3.8"\n\nservices:\n  web:\n    image: redis\n',
        "services: {db: {image: 'mongo:7', cap_drop: [ALL]}}",
        "%YAML 1.2\n---\nservices:\n  web:\n    image: nginx\n",
    ],
)
def test_plans_that_are_right_pass(text: str) -> None:
    verify(plan(load(text), PRODUCTION), PRODUCTION)


SECRET = "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: hunter2}\n"
WEAKER = "services:\n  app:\n    image: example.org/app:1\n    environment: {API_TOKEN: hunter2-token}\n"


@pytest.mark.parametrize("text", [SECRET, WEAKER], ids=["secret", "variable"])
def test_law_8_a_value_that_is_in_no_file(text: str) -> None:
    right = plan(load(text), PRODUCTION)
    verify(right, PRODUCTION)
    wrong = tuple(each._replace(change=spoiled(each.change)) for each in right.made)
    assert "environment" in broken(right, "law 8", made=wrong)


def test_law_8_a_new_value_excuses_itself_alone() -> None:
    rotating = Profile.of([Secrets(rotate=True)])
    verify(plan(load(SECRET), rotating), rotating)  # a new one
    right = plan(load(WEAKER), rotating)
    wrong = tuple(each._replace(change=spoiled(each.change)) for each in right.made)
    assert "environment" in broken(right, "law 8", rotating, made=wrong)


@pytest.mark.parametrize("environment", ["{A: hunter2}", "{A: hunter2, B: $X}", "[A=hunter2]", "[A=hunter2, B]"])
def test_law_8_a_plain_variable_that_is_in_no_file(environment: str) -> None:
    profile = Profile.of([EnvFile()])
    right = plan(load(f"services: {{app: {{image: x, environment: {environment}}}}}\n"), profile)
    verify(right, profile)
    wrong = tuple(each._replace(change=spoiled(each.change)) for each in right.made)
    assert "environment" in broken(right, "law 8", profile, made=wrong)


def spoiled(change: Change) -> Change:
    """The change with another value in the files it brings."""
    files = [
        replace(file, content="other") if isinstance(file, NewFile) else replace(file, line=f"{file.key}=other")
        for file in change.files
        if isinstance(file, NewFile) or file.key
    ]
    return change._replace(files=tuple(files))
