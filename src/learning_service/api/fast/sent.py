"""What saves and submissions bring."""

from learning_service.schemas.attempts import SaveIn, SubmissionIn


def keys_of(sent: SaveIn | SubmissionIn) -> int:
    """How many keys its objects had together: of each response two, the question's and the form's."""
    matched = sum(len(one.matches) for one in sent.responses if one.matches)
    return len(sent.model_fields_set) + 2 * len(sent.responses) + matched
