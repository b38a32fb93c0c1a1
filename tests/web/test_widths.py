"""Nothing is cut off: between telephone and desk, at 400 % zoom, with long words, from right to left."""

import pytest
from tests.kit.learner import lesson, tree
from tests.kit.world import World
from tests.web.conftest import Stage

# 320 px is a window of 1280 px at 400 %, 720 px one of 1440 px at 200 %.
WIDTHS = (320, 720, 768)
LONG = "Hazingpräventionsverantwortlichkeitsschulungsunterlagen" * 3
RIGHT_TO_LEFT = "نورة بنت عبد الرحمن الفيصل آل سعود"


@pytest.mark.timeout(120)
async def test_long_words_and_right_to_left_names_fit_every_width(stage: Stage, world: World) -> None:
    name = RIGHT_TO_LEFT
    course = await world.course(tree(lesson(LONG), title=LONG), category="Sicherheitsunterweisungen" * 2)
    member = world.member()
    await world.add_member("ana", display_name=name)
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    [read] = modules["items"][0]["items"]
    stage.offers("ana", name, "grader", "national_admin", role="administrator")
    ana = stage.person(WIDTHS[0])
    await ana.opens()
    await ana.chooses(f"{name[0]} {name}")
    screens = (
        ("/app/", "h1"),
        ("/app/courses", ".card"),
        (f"/app/courses/{course['id']}", ".step"),
        (f"/app/courses/{course['id']}/lessons/{read['id']}", ".pager"),
        ("/app/grading", ".empty"),
        ("/app/preferences", "select"),
    )
    for path, mark in screens:
        await ana.opens(path)
        await ana.waits_for(f"document.querySelector({mark!r})", f"{path} has no {mark}")
        for width in WIDTHS:
            size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
            await stage.tab.call("Emulation.setDeviceMetricsOverride", **size)
            wide = await stage.tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} px wide at {width}"
    assert (
        await stage.tab.evaluate("getComputedStyle(document.querySelector('bdi')).unicodeBidi") == "isolate"
    )
