"""The app's pages."""

from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.urls import include, path


@login_required
def home(request):
    return JsonResponse({"username": request.user.username, "name": request.user.first_name})


urlpatterns = [path("", home), path("oidc/", include("mozilla_django_oidc.urls"))]
