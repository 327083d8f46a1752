"""Door through which the filtered trail leaves the house."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from audit import exports
from audit.forms import SearchForm
from audit.permissions import Perm
from audit.selectors import search
from audit.views import shown
from core.doors import requires
from core.errors import Invalid


@requires(Perm.EXPORT_TRAIL, module=None, fresh=True, reads="export")
def export(request: HttpRequest) -> HttpResponseBase:
    """Every row that the search shows, in the chosen format. Raises Invalid."""
    form, chosen = SearchForm(request.GET), request.GET.get("as", "csv")
    if chosen not in exports.FORMATS:
        raise Invalid(_("The trail is exported as csv, ndjson or fhir."), field="as")
    if not form.is_valid():
        raise Invalid(_("The filters cannot be used: search with them first."))
    rows = search.search(form.cleaned_data, reach=shown.reach(request, Perm.EXPORT_TRAIL))
    return exports.answer(
        search.sorted_rows(rows, sort=form.sort_by, is_down=form.is_down),
        form=chosen,
        query={"terms": {**form.typed(), "period": form.data["period"]}},
        by=int(str(request.user.pk)),
    )
