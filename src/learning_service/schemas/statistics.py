"""What the answers of a version say about its questions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from learning_service.domain.grading.rules.statistics import Suspicion
from learning_service.schemas.common import Out


class ChoiceStatisticsOut(Out):
    """How one choice was taken."""

    key: Annotated[str, Field(description="The choice's key; of a statement `true` or `false`.")]
    chosen: Annotated[int, Field(description="How many chose it.")]
    mean_score: Annotated[
        float | None,
        Field(description="The mean score of their attempts, in percent; null where nobody chose it."),
    ]


class QuestionStatisticsOut(Out):
    """What the answers say about a question. Figures are null where there are none."""

    question_key: Annotated[
        str, Field(description="Which question, by the key that it has in every version.")
    ]
    n: Annotated[int, Field(description="In how many of the attempts it was asked.")]
    facility: Annotated[
        float | None, Field(description="The mean of its points as a share of what it is worth, 0–1.")
    ]
    discrimination: Annotated[
        float | None,
        Field(
            description="The correlation of its points with those of all other questions, -1–1; null where either are"
            " all the same."
        ),
    ]
    choices: Annotated[
        list[ChoiceStatisticsOut], Field(description="Its choices in order; empty where it has none.")
    ]
    suspect: Annotated[Suspicion | None, Field(description="What is odd about the question, if anything is.")]
    reason: Annotated[str | None, Field(description="Why, in a sentence for its author.")]


class QuizStatisticsOut(Out):
    """What the answers say about a quiz or the assessment. Below five attempts there are no figures."""

    quiz_key: Annotated[str, Field(description="Which quiz, by the key that it has in every version.")]
    title: str
    attempts: Annotated[
        int, Field(description="The best graded attempt of each enrollment that was not withdrawn, counted.")
    ]
    mean: Annotated[float | None, Field(description="Of their scores, in percent.")]
    median: Annotated[float | None, Field(description="Of their scores, in percent.")]
    alpha: Annotated[
        float | None,
        Field(description="Cronbach's alpha; null for a single question, or where all have the same points."),
    ]
    questions: list[QuestionStatisticsOut]


class VersionStatisticsOut(Out):
    """What the answers of a version say about its quizzes."""

    made_at: Annotated[
        datetime,
        Field(description="As of when. Of a large quiz at most a minute ago, unless it is `under_way`."),
    ]
    quizzes: Annotated[list[QuizStatisticsOut], Field(description="In order, the assessment last.")]
    under_way: Annotated[
        list[str],
        Field(
            description="Keys of quizzes with so many attempts that their figures are being made in the background:"
            " what is here of them is as of `made_at`, or there are none yet. Ask again in some seconds."
        ),
    ]
