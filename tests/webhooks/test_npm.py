"""What receivers use: the npm packages of Standard Webhooks and of CloudEvents judge what a receiver got."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.receiver import Receiver
from tests.kit.webhooks import complete, deliver, subscribe
from tests.kit.world import World

ROOT = Path(__file__).resolve().parents[2]
JUDGE = """
const { Webhook } = require("standardwebhooks");
const { HTTP } = require("cloudevents");
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
new Webhook(secret).verify(body, headers);
let refused = 0;
for (const changed of [body.replace("learning.", "learnING."), body + " ", body.slice(1)]) {
  try { new Webhook(secret).verify(changed, headers); } catch { refused++; }
}
for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
  try { new Webhook(secret).verify(body, { ...headers, [name]: headers[name] + "1" }); } catch { refused++; }
}
const event = HTTP.toEvent({ headers, body });
console.log(JSON.stringify({ refused, valid: event.validate(), id: event.id, type: event.type, time: event.time,
  source: event.source, subject: event.subject, data: event.data }));
"""


def packages() -> Path | None:
    """Where the two packages are: in `NODE_MODULES`, else in the project's own `node_modules`."""
    place = Path(os.environ.get("NODE_MODULES") or ROOT / "node_modules")
    wanted = all((place / name).is_dir() for name in ("standardwebhooks", "cloudevents"))
    return place if wanted and shutil.which("node") else None


@pytest.mark.long
async def test_npm_verifies_the_signature_and_validates_the_event(world: World) -> None:
    place = packages()
    if place is None:
        pytest.skip("no npm packages here: npm ci")
    manager = world.call_as("platform", scopes=["webhooks:manage", "events:read"])
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver)
        await complete(world)
        await deliver(world)
        assert len(receiver.requests) == 3
        for got in receiver.requests:
            given = {"secret": made["secret"], "headers": got.headers, "body": got.body.decode()}
            judged = subprocess.run(  # noqa: ASYNC221
                ["node", "-e", JUDGE],
                input=json.dumps(given),
                env={**os.environ, "NODE_PATH": str(place)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert judged.returncode == 0, judged.stderr
            told = json.loads(judged.stdout)
            assert (told["refused"], told["valid"]) == (6, True)
            shared = {name: got.event[name] for name in ("id", "type", "source", "subject", "data")}
            assert shared == {name: told[name] for name in shared}
