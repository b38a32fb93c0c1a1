"""Routes."""

from benchmarks.drf.app.views import CourseListView, SubmitView, VerifyView
from django.urls import path

urlpatterns = [
    path("api/certificates/<uuid:pk>/verify/", VerifyView.as_view()),
    path("api/courses/", CourseListView.as_view()),
    path("api/quizzes/<uuid:pk>/submit/", SubmitView.as_view()),
]
