"""`python -m learning_service.worker`: a worker without the command line, which `learning-service worker` becomes."""

from learning_service.core.loading import load, loading

if __name__ == "__main__":
    with loading():
        run, settings = (
            load(f"learning_service.worker.settings:{name}") for name in ("run", "WorkerSettings")
        )
    run(settings)
