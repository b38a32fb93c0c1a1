"""The pages for strangers: each allows just the style that it has, and no script."""

import base64
import hashlib
import re
import uuid

import pytest
from tests.kit.world import World


@pytest.mark.parametrize(
    ("path", "status", "pictures"),
    [
        ("/c/", 200, "img-src 'self'; "),
        (f"/certificates/{uuid.UUID(int=1)}/verify/", 404, "img-src 'self'; "),
        ("/unsubscribe/not-a-token/", 404, ""),
    ],
)
async def test_a_page_allows_the_style_that_it_has_and_nothing_else(
    world: World, path: str, status: int, pictures: str
) -> None:
    answer = await world.http.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert answer.status_code == status
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; {pictures}base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    )
    assert answer.headers["content-language"] == "fr"
    assert "<script" not in answer.text
    assert " style=" not in answer.text
