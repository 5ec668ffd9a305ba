"""Campaigns as code for the Yeastar P-Series PBX: plan, review and apply message campaigns."""

TYPE_CHECKING = False  # not typing's: `--help` does without that module
if TYPE_CHECKING:
    from campaignops.api import apply, plan

__all__ = ["apply", "plan"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Both come with all that they need, which `campaignops --help` does not want to load."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # by name: a written import would point up, as the contracts see it

    return getattr(import_module("campaignops.api"), name)
