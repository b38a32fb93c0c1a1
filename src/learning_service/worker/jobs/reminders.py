"""Reminders before learning is due, mails that something was assigned, and sending both."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar, get_args

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.certificate_content import MailLook, UnusableLogo
from learning_service.adapters.letter import Letter, UnsafeLetter
from learning_service.adapters.mailer import Mailer, MailInDoubt, MailNotTaken, MailRefused, open_mailer
from learning_service.adapters.pool_work import mail_logo
from learning_service.adapters.processes import ProcessDied
from learning_service.adapters.storage import ObjectMissing, StoreUnavailable
from learning_service.context import Context
from learning_service.core.loading import load
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import (
    PlanAssignmentMails,
    PlanMailOfCertificate,
    PlanMailOfEvidence,
    PlanMailOfResult,
    SendMails,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.queries import SettingsView, organization_settings
from learning_service.domain.preferences.rules import (
    TOPIC_OF,
    UNSUBSCRIBING,
    Unsubscribing,
    unsubscribe_token,
)
from learning_service.domain.reminders.actions.claims import Key, claim_overdue, claim_reminders, may_claim
from learning_service.domain.reminders.actions.digests import claim_digests
from learning_service.domain.reminders.actions.mails import (
    begin_mail,
    end_mail,
    give_back_mail,
    keep_until,
    plan_assignment_mails,
    plan_evidence_mail,
    plan_mail_about,
    send_later,
    take_turn,
)
from learning_service.domain.reminders.queries.mails import load_mail
from learning_service.domain.reminders.rules import AnyMail, MailKind, Notice, leaves_at, reason_to_skip
from learning_service.worker.durable import finishing

log = structlog.get_logger()
_WRITE_MAIL = "learning_service.adapters.mail_text:write_mail"
"""By its place: what lays mails out is loaded with the first one."""
T = TypeVar("T")

MAILS = Counter(
    "learning_mails_total", "Mails handed to the mail server, by what became of them.", ["kind", "outcome"]
)
TURN_SECONDS = 0.2
"""How long to stand back while another worker claims."""
KINDS: tuple[MailKind, ...] = get_args(MailKind)
PAUSE = timedelta(seconds=60)
"""How long mail waits when its server takes none."""


async def send_course_reminders(context: Context, at: datetime | None) -> None:
    """Claim every reminder that is due as of `at` (None: now), and tell of what has become overdue by then.

    The mails leave by `send_mails`.
    """

    async def remind(session: AsyncSession, after: Key | None) -> Key | None:
        return await claim_reminders(session, after=after, mails_per_second=context.settings.mails_per_second)

    async def tell(session: AsyncSession, since: datetime | None) -> datetime | None:
        return await claim_overdue(session, since=since)

    await _in_batches(context, at, remind)
    await _in_batches(context, at, tell)


async def _in_batches(
    context: Context, at: datetime | None, claim: Callable[[AsyncSession, T | None], Awaitable[T | None]]
) -> None:
    """Claim batch after batch, each in a transaction of its own, one claimer at a time."""
    after: T | None = None
    while True:
        async with context.transaction(None, at=at) as session:
            if is_ours := await may_claim(session):
                after = await claim(session, after)
        if not is_ours:
            await asyncio.sleep(TURN_SECONDS)
        elif after is None:
            return


async def send_officer_digests(context: Context, at: datetime | None) -> None:
    """Claim the digests of the week that `at` (None: now) lies in; the mails leave by `send_mails`."""
    pace = context.settings.mails_per_second
    async with context.transaction(None, at=at) as session:
        await claim_digests(session, mails_per_second=pace, as_of=at)


async def plan_mails_of_assignment(context: Context, job: Job) -> None:
    """Claim the mails for enrollments that were made together."""
    told = PlanAssignmentMails.read(job.arguments)
    async with finishing(context, job) as session:
        await plan_assignment_mails(
            session,
            job.organization_id,
            told.moment,
            course_id=told.course_id,
            mails_per_second=context.settings.mails_per_second,
            as_of=_instant(job),
        )


async def plan_mail_of_result(context: Context, job: Job) -> None:
    """Claim the mail that tells a learner what a person graded."""
    await _plan_about(context, job, "result", PlanMailOfResult.read(job.arguments).attempt_id)


async def plan_mail_of_certificate(context: Context, job: Job) -> None:
    """Claim the mail that tells a learner that their certificate is ready."""
    told = PlanMailOfCertificate.read(job.arguments)
    await _plan_about(context, job, "certificate", told.certificate_id)


async def plan_mail_of_evidence(context: Context, job: Job) -> None:
    """Claim the mail that tells a member what was decided of their evidence."""
    told = PlanMailOfEvidence.read(job.arguments)
    pace = context.settings.mails_per_second
    async with finishing(context, job) as session:
        await plan_evidence_mail(session, told.evidence_id, mails_per_second=pace)


async def _plan_about(
    context: Context, job: Job, kind: Literal["result", "certificate"], about: uuid.UUID
) -> None:
    pace = context.settings.mails_per_second
    async with finishing(context, job) as session:
        await plan_mail_about(session, kind, about, mails_per_second=pace)


async def send_mails(context: Context, job: Job) -> None:
    """Send claimed mails one after the other, each at most once, no faster than the organization may.

    While the server takes none they stay claimed and pending, and are tried again after a pause. So do those that
    would leave at an hour when their reader sleeps, until the morning.
    """
    told = SendMails.read(job.arguments)
    kind = next((kind for kind in KINDS if told.ids_of(kind)), KINDS[0])
    ids = told.ids_of(kind)
    kept: dict[datetime, list[uuid.UUID]] = {}
    left: Sequence[uuid.UUID] = ()
    async with open_mailer(context.settings) as mailer:
        async with context.transaction(job.organization_id) as session:
            turn = await _next_turn(context, session, job)
            settings = await organization_settings(session, job.organization_id)
        look = await _look(context, settings)
        for n, mail_id in enumerate(ids):
            await asyncio.sleep(turn)
            instant = _instant(job)
            async with context.transaction(job.organization_id) as session:
                mail = await _worth_sending(session, mailer, kind, mail_id, instant)
                turn = 0.0
                if mail is None or mailer is None:
                    continue
                if (opening := leaves_at(mail, instant, context.settings.mail_hours_there)) > instant:
                    kept.setdefault(opening, []).append(mail_id)
                    continue
                if not await begin_mail(session, kind, mail_id):
                    continue
            taken = await _hand_over(context, mailer, mail, instant, look)
            MAILS.labels(kind, taken.status if taken else "put off").inc()
            if taken is None:
                # By itself: a worker that has the job by now must find it pending.
                async with context.transaction(job.organization_id) as session:
                    await give_back_mail(session, kind, mail_id)
                left = ids[n:]
                break
            async with context.transaction(job.organization_id) as session:
                await end_mail(session, kind, mail.id, taken.status, reason=taken.reason)
                turn = await _next_turn(context, session, job)
    await _end(context, job, kind, left, kept)


def _instant(job: Job) -> datetime:
    """What a mail calls now; a job as of a later time is ahead of the clock."""
    return max(datetime.now(UTC), job.as_of)


async def _next_turn(context: Context, session: AsyncSession, job: Job) -> float:
    """Seconds until the organization may send its next mail."""
    wait = await take_turn(session, job.organization_id, mails_per_second=context.settings.mails_per_second)
    return wait.total_seconds()


async def _worth_sending(
    session: AsyncSession, mailer: Mailer | None, kind: MailKind, mail_id: uuid.UUID, instant: datetime
) -> AnyMail | None:
    """The mail, unless it is no longer worth sending; its row then says so."""
    mail = await load_mail(session, kind, mail_id)
    if mail is None or not mail.pending:
        return None
    reason = "no-mail-server" if mailer is None else reason_to_skip(mail, instant)
    if reason is None:
        return mail
    if await begin_mail(session, kind, mail_id):
        await end_mail(session, kind, mail_id, "skipped", reason=reason)
    return None


@dataclass(frozen=True, slots=True)
class _Taken:
    status: str
    reason: str | None = None


async def _look(context: Context, settings: SettingsView) -> MailLook:
    """How the organization's mails look. A logo that cannot be had delays no mail."""
    logo = None
    if settings.logo_key is not None:
        try:
            logo = await context.processes.run(mail_logo, await context.store.get(settings.logo_key))
        except (ObjectMissing, StoreUnavailable, UnusableLogo, ProcessDied) as error:
            log.warning("mail_without_logo", reason=type(error).__name__)
    return MailLook(settings.frontend_url, settings.primary_color, logo)


async def _hand_over(
    context: Context, mailer: Mailer, mail: AnyMail, instant: datetime, look: MailLook
) -> _Taken | None:
    """How the server took it; None when it takes no mails now."""
    try:
        letter: Letter = load(_WRITE_MAIL)(
            mail,
            sender=context.settings.mail_from,
            sent_at=datetime.now(UTC),
            instant=instant,
            look=look,
            unsubscribe_url=_unsubscribe_url(context, mail),
        )
        await mailer.send(letter)
        return _Taken("sent")
    except MailNotTaken as error:
        log.warning("mail_not_taken", reason=str(error))
        return None
    except MailInDoubt as error:
        taken = _Taken("unknown", str(error))
    except MailRefused as error:
        taken = _Taken("refused", str(error))
    except UnsafeLetter as error:
        log.error("mail_unsafe", mail_id=str(mail.id), reason=str(error))
        taken = _Taken("refused", "unsafe-header")
    except ValueError:
        taken = _Taken("refused", "unusable-address")
    log.warning("mail_not_sent", mail_id=str(mail.id), status=taken.status, reason=taken.reason)
    return taken


def _unsubscribe_url(context: Context, mail: AnyMail) -> str | None:
    """Where the reader ends mails of this kind; None where they get them whatever they prefer."""
    keys = context.settings.keys_for(UNSUBSCRIBING)
    if isinstance(mail, Notice) or mail.required or not keys:
        return None
    ending = Unsubscribing(mail.organization_id, mail.user_id, TOPIC_OF[mail.kind])
    return f"{context.settings.public_url.rstrip('/')}/unsubscribe/{unsubscribe_token(ending, keys)}/"


async def _end(
    context: Context,
    job: Job,
    kind: MailKind,
    left: Sequence[uuid.UUID],
    kept: Mapping[datetime, Sequence[uuid.UUID]],
) -> None:
    """End the job; what the server did not take follows after a pause, what was kept in its hours."""
    instant = _instant(job)
    async with finishing(context, job) as session:
        if left:
            await send_later(
                session, job.organization_id, left, now(session) + PAUSE, as_of=instant, kind=kind
            )
        for opening, ids in kept.items():
            await keep_until(
                session,
                job.organization_id,
                ids,
                opening,
                instant=instant,
                mails_per_second=context.settings.mails_per_second,
                kind=kind,
            )
