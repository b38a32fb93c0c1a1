"""How the service is."""

from learning_service_client.shapes.operation import HealthOut, ReadinessOut
from learning_service_client.transport import Transport


class OperationCalls(Transport):
    """How the service is."""

    async def check_health(self) -> HealthOut:
        """Alive: the process answers."""
        return await self._get(HealthOut, "/healthz")

    async def check_readiness(self) -> ReadinessOut:
        """Whether it can serve."""
        return await self._get(ReadinessOut, "/readyz")

    async def read_metrics(self) -> str:
        """Prometheus metrics: requests of this process; jobs, workers and schedules of the whole service."""
        answer = await self._send("GET", "/metrics", accept="*/*")
        return answer.text
