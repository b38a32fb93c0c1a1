"""A typed, async client of the learning service."""

from learning_service_client.client import Draft, LearningClient
from learning_service_client.problem import Fault, Problem

__all__ = ["Draft", "Fault", "LearningClient", "Problem"]
