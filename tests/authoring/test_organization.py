"""What the service itself keeps of an organization."""

from typing import Any

from tests.kit.world import World

PATH = "/api/organization/"
DEFAULTS = {
    "logo": None,
    "primary_color": None,
    "signatory_name": None,
    "signatory_title": None,
    "score_on_certificates": False,
    "second_signatory_name": None,
    "second_signatory_title": None,
    "second_signature_image": None,
    "paper": "a4",
    "orientation": "landscape",
    "locale": None,
    "revoked_pdf": "mark",
    "frontend_url": None,
    "signature_image": None,
    "seal": None,
    "website": None,
    "reminder_days": [7, 3, 1],
    "overdue_days": [1, 7, 14],
    "officer_digest": "none",
    "recertification_window_days": 30,
    "video_hosts": [],
    "blind_grading": False,
    "skills_by": ["national_admin", "regional_admin"],
    "required_mails": [],
    "active_statuses": None,
}


async def test_defaults_hold_until_something_is_said_and_each_field_by_itself(world: World) -> None:
    assert await world.admin.ok("GET", PATH) == DEFAULTS
    said: dict[str, Any] = {
        "primary_color": "#0A4d8c",
        "signatory_name": "Ada Byron",
        "reminder_days": [10, 2],
        "overdue_days": [],
        "officer_digest": "weekly",
        "frontend_url": "https://learn.example.org/app/",
        "video_hosts": ["Player.Vimeo.com"],
        "blind_grading": True,
        "active_statuses": ["Active", "pledge"],
        "logo": None,
    }
    now = {**DEFAULTS, **said, "video_hosts": ["player.vimeo.com"]}
    now["frontend_url"] = "https://learn.example.org/app"
    assert await world.admin.ok("PATCH", PATH, said) == now
    more = {"recertification_window_days": 60, "signatory_name": None}
    assert await world.admin.ok("PATCH", PATH, more) == {**now, **more}
    assert await world.admin.ok("PATCH", PATH, {}) == {**now, **more}
    await world.directory.ok(
        "PUT", f"/api/directory/organizations/{world.id}/", {"name": "New", "timezone": "UTC"}
    )
    assert await world.admin.ok("GET", PATH) == {**now, **more}


async def test_they_are_the_organizations_own_and_its_national_administrators(
    world: World, other_world: World
) -> None:
    await world.admin.ok("PATCH", PATH, {"signatory_name": "Ada"})
    assert (await other_world.admin.ok("GET", PATH))["signatory_name"] is None
    for caller in (world.member(), world.call_as("r", "regional_admin:north"), world.directory):
        for method, json in (("GET", None), ("PATCH", {"blind_grading": True}), ("PATCH", {"odd": 1})):
            refused = await caller(method, PATH, json)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    nowhere = World(world.http, world.signer, world.worker)
    assert (await nowhere.admin("GET", PATH)).status_code == 404
    assert (await nowhere.admin("PATCH", PATH, {"blind_grading": True})).status_code == 404


NO_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"logo": "document:3"}, "/logo"),
    ({"primary_color": "red"}, "/primary_color"),
    ({"paper": "a3"}, "/paper"),
    ({"paper": None}, "/paper"),
    ({"orientation": "diagonal"}, "/orientation"),
    ({"orientation": None}, "/orientation"),
    ({"locale": "english please"}, "/locale"),
    ({"revoked_pdf": "burn"}, "/revoked_pdf"),
    ({"primary_color": "#12345"}, "/primary_color"),
    ({"signatory_name": "  "}, "/signatory_name"),
    ({"signatory_title": "x" * 201}, "/signatory_title"),
    ({"second_signatory_name": "\u2800"}, "/second_signatory_name"),
    ({"second_signatory_title": "x" * 201}, "/second_signatory_title"),
    ({"second_signature_image": "https://example.org/a.png"}, "/second_signature_image"),
    ({"reminder_days": [3, 7, 3]}, "/reminder_days/2"),
    ({"reminder_days": [0]}, "/reminder_days/0"),
    ({"reminder_days": ["7"]}, "/reminder_days/0"),
    ({"reminder_days": None}, "/reminder_days"),
    ({"overdue_days": [0]}, "/overdue_days/0"),
    ({"overdue_days": [7, 7]}, "/overdue_days/1"),
    ({"officer_digest": "daily"}, "/officer_digest"),
    ({"officer_digest": None}, "/officer_digest"),
    ({"frontend_url": "learn.example.org"}, "/frontend_url"),
    ({"frontend_url": "http://learn.example.org"}, "/frontend_url"),
    ({"website": "javascript:alert(1)//learn.example.org"}, "/website"),
    ({"frontend_url": "javascript:alert(1)//learn.example.org"}, "/frontend_url"),
    ({"frontend_url": "https://a@learn.example.org"}, "/frontend_url"),
    ({"frontend_url": "https://learn.example.org/?to="}, "/frontend_url"),
    ({"frontend_url": "https://learn.example.org/\r\nX: y"}, "/frontend_url"),
    ({"frontend_url": "https://[::1"}, "/frontend_url"),
    ({"frontend_url": "https://learn.example.org:99999"}, "/frontend_url"),
    ({"frontend_url": "https://10.0.0.1"}, "/frontend_url"),
    ({"frontend_url": "https://" + "x" * 500}, "/frontend_url"),
    ({"recertification_window_days": 0}, "/recertification_window_days"),
    ({"recertification_window_days": 30.5}, "/recertification_window_days"),
    ({"recertification_window_days": 10**30}, "/recertification_window_days"),
    ({"video_hosts": ["https://a.example"]}, "/video_hosts/0"),
    ({"video_hosts": ["a.example", "*.b.example"]}, "/video_hosts/1"),
    ({"video_hosts": ["10.0.0.1"]}, "/video_hosts/0"),
    ({"video_hosts": ["localhost"]}, "/video_hosts/0"),
    ({"video_hosts": ["a.example:8443"]}, "/video_hosts/0"),
    ({"video_hosts": ["a.example", "A.example"]}, "/video_hosts/1"),
    ({"blind_grading": "yes"}, "/blind_grading"),
    ({"blind_gradings": True}, "/blind_gradings"),
]


async def test_what_cannot_be_a_setting_is_refused_with_its_place(world: World) -> None:
    for change, pointer in NO_SETTINGS:
        refused = await world.admin("PATCH", PATH, change)
        assert refused.status_code == 422, (change, refused.text)
        assert [e["pointer"] for e in refused.json()["errors"]] == [pointer], change
        assert await world.admin.ok("GET", PATH) == DEFAULTS, change
