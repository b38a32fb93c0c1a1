"""The people of the demonstration, and those whom the web application offers to be."""

import json
from collections.abc import Mapping
from pathlib import Path

from learning_devstack.secret_files import write_private
from learning_devstack.tokens import DEMO_ADMINISTRATOR, DEMO_ORGANIZATION, mint_token_of_copy

TOKEN_SECONDS = 12 * 3600
# Names in several scripts: certificates and pages have to set them all.
NAMES = {
    DEMO_ADMINISTRATOR: "Margaret Okonkwo",
    "demo-learner": "Zoë Castellanos-Nguyễn",
    "demo-officer": "Seán Ó Briain",
    "demo-alexandra": "Αλεξάνδρα Παπαδοπούλου",
    "demo-dmitri": "Дмитрий Соколов",
    "demo-meiling": "李美玲",
    "demo-grader": "Noor Haddad",
}
_OFFERED: Mapping[str, tuple[str, list[str]]] = {
    "demo-learner": ("learner", []),
    "demo-meiling": ("learner", []),
    "demo-officer": ("officer", ["chapter_admin:beta"]),
    "demo-grader": ("grader", ["grader"]),
    DEMO_ADMINISTRATOR: ("administrator", ["national_admin"]),
}


def write_people(environment: Mapping[str, str]) -> None:
    """Write those who are offered, each with a fresh token, where the copy's API reads them."""
    people = [
        {
            "user_id": user,
            "name": NAMES[user],
            "role": role,
            "token": mint_token_of_copy(
                environment,
                org=DEMO_ORGANIZATION,
                user=user,
                roles=roles,
                name=NAMES[user],
                ttl=TOKEN_SECONDS,
            ),
        }
        for user, (role, roles) in _OFFERED.items()
    ]
    write_private(Path(environment["DEMONSTRATION_PEOPLE"]), json.dumps({"people": people}))
