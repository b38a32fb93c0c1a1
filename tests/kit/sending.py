"""Sending files and waiting for what becomes of them."""

import asyncio
from typing import Any

import httpx

from learning_service.domain.documents.actions import CONVERTER
from tests.kit.running import Runner
from tests.kit.world import Caller, Json, World


async def send(caller: Caller, content: bytes, name: str = "deck.pptx", **options: Any) -> httpx.Response:
    """Upload a file."""
    return await caller("POST", "/api/documents/", files={"file": (name, content)}, **options)


async def settled(world: World, document_id: str) -> Json:
    """The document, once the workers have done what is due."""
    await world.run_jobs()
    return await seen(world, document_id)


async def seen(world: World, document_id: str) -> Json:
    """The document as an author sees it."""
    found: Json = await world.admin.ok("GET", f"/api/documents/{document_id}/")
    return found


async def convert_all(world: World) -> None:
    """Do what the converter would."""
    await asyncio.wait_for(Runner(world.worker, CONVERTER).run_until_idle(), 150)
