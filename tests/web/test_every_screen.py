"""Every screen there is, on the demonstration's data: axe finds nothing, nothing is cut off, light and dark."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.kit.browser import serving
from tests.kit.chromium import Browser, Tab
from tests.kit.clerk import Clerk
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import Signer

from learning_devstack.demo import load_demo
from learning_devstack.parts import Parts
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.main import create_app

pytestmark = pytest.mark.long
WEB = Path(__file__).parents[2] / "web" / "src"
PATH = re.compile(r'\bpath: "(/[^"]*)"')
PEOPLE = {
    "demo-learner": ("Zoë Castellanos-Nguyễn", []),
    "demo-grader": ("Noor Haddad", ["grader"]),
    "demo-admin": ("Margaret Okonkwo", ["national_admin"]),
}
WIDTHS = (360, 720, 768, 1440)
"""720 px is a window of 1440 px at 200 %."""
JUDGED = (360, 1440)
HEIGHT = 900


def _whose(route: str) -> str:
    """Who looks at a screen, by what its path begins with."""
    if route.startswith("/grading"):
        return "demo-grader"
    return "demo-admin" if route.startswith(("/author", "/administer")) else "demo-learner"


def _routes() -> set[str]:
    """All paths that the application knows."""
    files = (WEB / "routes.tsx", WEB / "author" / "routes.ts", WEB / "administrator" / "routes.ts")
    return {path for file in files for path in PATH.findall(file.read_text("utf-8"))}


class Demo:
    """The demonstration, served, and what is there to look at."""

    def __init__(self, address: str, tokens: dict[str, str]) -> None:
        self.address = address
        self._tokens = tokens
        self.ids: dict[str, dict[str, str]] = {who: {} for who in PEOPLE}

    async def find(self) -> None:
        """Learn the ids that paths have."""
        async with httpx.AsyncClient(base_url=self.address) as http:

            async def ask(who: str, path: str, method: str = "GET") -> Any:
                answer = await http.request(
                    method, path, headers={"Authorization": f"Bearer {self._tokens[who]}"}
                )
                assert answer.is_success, answer.text
                return answer.json()

            async def first(who: str, path: str) -> Any:
                return (await ask(who, path))["items"][0]

            courses = {one["title"]: one["id"] for one in (await ask("demo-admin", "/api/courses/"))["items"]}
            hazing = courses["Hazing Prevention"]
            module = (await ask("demo-learner", f"/api/courses/{hazing}/modules/"))["items"][0]
            quiz = module["items"][2]["id"]
            begun = await ask("demo-learner", f"/api/quizzes/{quiz}/attempts/", "POST")
            waiting = await first("demo-grader", "/api/learning/grading/pending/")
            self.ids["demo-learner"] = {
                "courseId": hazing,
                "lessons/$itemId": f"lessons/{module['items'][0]['id']}",
                "$kind/$itemId": f"quizzes/{quiz}",
                "attemptId": begun["attempt_id"],
            }
            self.ids["demo-grader"] = {
                "attemptId": waiting["attempt_id"],
                "responseId": waiting["response_id"],
            }
            self.ids["demo-admin"] = {
                "courseId": courses["Safe Events"],
                "number": "1",
                "programId": (await first("demo-admin", "/api/programs/"))["id"],
                "bankId": (await first("demo-admin", "/api/question-banks/"))["id"],
                "ruleId": (await first("demo-admin", "/api/assignment-rules/"))["id"],
                "enrollmentId": (await first("demo-admin", "/api/enrollments/?awaiting_review=true"))["id"],
                "chapterId": "gamma",
                "userId": "demo-tomas",
            }

    def path(self, who: str, route: str) -> str:
        """The address of a screen."""
        for name, value in self.ids[who].items():
            route = route.replace(f"${name}" if name.isalpha() else name, value)
        assert "$" not in route, f"{route} needs a value here: see `find`"
        return f"/app{route}"


@pytest.fixture(scope="module")
async def demo(
    built_web: None,
    parts: Parts,
    template: str,
    make_settings: Callable[..., Settings],
    signer: Signer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Demo]:
    """The demonstration in a database of its own."""
    name = f"demo_{uuid.uuid4().hex[:12]}"
    url = await create_database_from_template(parts, name)
    people = tmp_path_factory.mktemp("demo") / "people.json"
    settings = make_settings(url, demonstration_people=people, web_enabled=True)
    async with open_context(settings, "learning_api") as context, context.transaction("demo") as session:
        await load_demo(session)
    tokens = {who: signer.token("demo", who, name=name, roles=roles) for who, (name, roles) in PEOPLE.items()}
    offered = [
        {"user_id": who, "name": PEOPLE[who][0], "role": "learner", "token": token}
        for who, token in tokens.items()
    ]
    people.write_text(json.dumps({"people": offered}))
    app = create_app(settings)
    async with app.router.lifespan_context(app), serving(app) as address:
        made = Demo(address, tokens)
        await made.find()
        yield made
    await drop_database(parts, name)


def test_all_routes_are_found() -> None:
    assert {"/", "/grading/$responseId", "/author/$courseId", "/administer/trends"} <= _routes()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", sorted(PEOPLE))
async def test_axe_finds_nothing_and_nothing_is_cut_off(
    demo: Demo, browser: Browser, window: Tab, who: str
) -> None:
    name, _ = PEOPLE[who]
    await window.clean(demo.address)
    window.heard()
    person = Clerk(window, demo.address, WIDTHS[-1])
    await person.opens()
    await person.chooses(f"{name[0]} {name}")
    faults: list[str] = []
    for route in sorted(route for route in _routes() if _whose(route) == who):
        await person.goes(demo.path(who, route))
        # The screen before is still there for a moment.
        await asyncio.sleep(0.3)
        await person.waits_for("document.querySelector('main h1')", f"{route} has no heading")
        await person.waits_for("!document.querySelector('main .loading')", f"{route} does not stop loading")
        for width in WIDTHS:
            size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            await window.call("Emulation.setDeviceMetricsOverride", **size)
            looking = Clerk(window, demo.address, width, ("light", "dark") if width in JUDGED else ())
            await looking.looks_at_it(route.strip("/").replace("/", "-") or "home")
            wide = await window.evaluate("document.documentElement.scrollWidth")
            faults += looking.faults
            faults += [f"{route} is {wide} px wide at {width}"] if wide > width else []
    errors, _ = window.heard()
    await window.clean(demo.address)
    window.heard()
    assert not faults, "\n".join(faults)
    assert errors == []
