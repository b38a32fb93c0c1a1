"""What publishing takes from question banks into a version."""

import uuid
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.queries.banks import questions_in_bank
from learning_service.domain.courses.rules.banks import frozen_pool
from learning_service.domain.courses.rules.tree import Tree, each_paper, pools_of
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.questions.rules.pools import Paper, Pool
from learning_service.domain.questions.rules.types import MAX_QUESTIONS, AnyQuestion


async def frozen_tree(session: AsyncSession, organization_id: str, tree: Tree) -> Tree:
    """A draft's tree with what the banks of its pools give now. Raises Invalid where one gives too many."""
    given: dict[tuple[uuid.UUID, str | None], list[AnyQuestion]] = {}
    for path, pool in pools_of(tree):
        if pool.bank_id is None:
            continue
        source = pool.bank_id, pool.tag
        if source not in given:
            given[source] = await questions_in_bank(
                session, organization_id, pool.bank_id, tag=pool.tag, most=MAX_QUESTIONS + 1
            )
        if len(given[source]) > MAX_QUESTIONS:
            detail = f"the bank gives more than {MAX_QUESTIONS:,} questions; choose a tag"
            raise Invalid([Fault(pointer(*path, "bank_id"), detail, "too-many", {"most": MAX_QUESTIONS})])
    return each_paper(tree, lambda paper: _frozen(paper, given)) if given else tree


def _frozen(paper: Paper, given: Mapping[tuple[uuid.UUID, str | None], list[AnyQuestion]]) -> Paper:
    return tuple(
        frozen_pool(asked, given[asked.bank_id, asked.tag])
        if isinstance(asked, Pool) and asked.bank_id is not None
        else asked
        for asked in paper
    )
