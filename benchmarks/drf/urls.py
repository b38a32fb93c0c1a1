"""Routes."""

from benchmarks.drf.app.views import (
    AssessmentView,
    CourseListView,
    SaveView,
    StartView,
    SubmitView,
    VerifyView,
)
from django.urls import path

urlpatterns = [
    path("api/certificates/<uuid:pk>/verify/", VerifyView.as_view()),
    path("api/courses/", CourseListView.as_view()),
    path("api/quizzes/<uuid:pk>/submit/", SubmitView.as_view()),
    path("api/assessments/<uuid:pk>/attempts/", StartView.as_view()),
    path("api/assessments/<uuid:pk>/submit/", AssessmentView.as_view()),
    path("api/attempts/<uuid:pk>/", SaveView.as_view()),
]
