"""Files that manifests name: none outside the project, whatever links there are and whenever they are made."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from campaignops.manifest import inside
from campaignops.manifest.assets import Assets, Unusable
from campaignops.manifest.inside import Outside
from campaignops.model import MediaHeader
from tests.manifest_folder import PNG, places, read_text, sms, whatsapp, write

SECRET = PNG + b"secret"


@pytest.fixture
def root(tmp_path):
    """A project with a picture, beside a folder that is none of its business."""
    write(tmp_path / "elsewhere", **{"a.png": SECRET})
    return write(tmp_path / "project", **{"assets/a.png": PNG}).resolve()


def refused(root: Path, path: str) -> Unusable:
    with pytest.raises(Unusable) as caught:
        Assets(str(root)).asset(path)
    return caught.value


def test_links_that_stay_inside_are_followed(root):
    (root / "link.png").symlink_to("assets/a.png")
    (root / "pictures").symlink_to("assets")
    assets = Assets(str(root))
    assert assets.asset("link.png").sha256 == assets.asset("pictures/a.png").sha256


@pytest.mark.parametrize("made", ["file", "folder", "in between", "chain", "absolute"])
def test_links_out_are_refused(root, made):
    (root / "other").mkdir()
    link, target, path = {
        "file": ("link.png", "../elsewhere/a.png", "link.png"),
        "folder": ("link", "../elsewhere", "link/a.png"),
        "in between": ("other/link", "../../elsewhere", "other/link/a.png"),
        "chain": ("other/link", "../up/elsewhere", "other/link/a.png"),
        "absolute": ("link", str(root.parent / "elsewhere"), "link/a.png"),
    }[made]
    (root / "up").symlink_to("..")
    (root / link).symlink_to(target)
    assert refused(root, path).code == "CMP114"


def test_a_link_to_a_folder_beside_with_a_longer_name_is_outside(root):
    write(root.parent / "project2", **{"a.png": SECRET})
    (root / "link.png").symlink_to("../project2/a.png")
    assert refused(root, "link.png").code == "CMP114"


@pytest.mark.parametrize("path", ["pipe.png", "assets"])
def test_what_is_no_regular_file_is_refused_without_waiting(root, path):
    os.mkfifo(root / "pipe.png")
    assert (refused(root, path).code, "not a regular file" in refused(root, path).message) == ("CMP113", True)


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(root):
    """Swapped at full speed, it is read as it is, refused or missing, but never read through the link."""
    real, link, place = root / "real", root / "link", root / "place"
    write(real, **{"a.png": PNG})
    link.symlink_to("../elsewhere")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for one in (real, link):
                one.rename(place)
                place.rename(one)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for _ in range(2_000):
            try:
                handle = inside.descriptor(str(root), "place/a.png")
            except (Outside, OSError):
                continue
            assert os.read(handle, 100) == PNG
            os.close(handle)
    finally:
        done.set()
        swapping.join()


def test_nothing_stays_open(root):
    (root / "out.png").symlink_to("../elsewhere/a.png")
    before = len(list(Path("/dev/fd").iterdir()))
    for path in ("assets/a.png", "assets", "out.png", "none.png", "assets/A.png"):
        with suppress(Unusable):
            Assets(str(root)).asset(path)
    assert len(list(Path("/dev/fd").iterdir())) == before


# in a manifest


def test_a_file_with_another_files_ending_is_found_at_its_name(tmp_path):
    write(tmp_path, **{"assets/a.jpg": PNG})
    _, findings = read_text(tmp_path, sms(message="{file: assets/a.jpg}"))
    assert places(findings) == [("CMP125", 6, 21)]
    assert findings[0].help == "rename it to `assets/a.png`, or save it as JPG"


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_a_header_takes_files_of_its_kind_only(tmp_path, kind):
    write(tmp_path, **{"assets/a.png": PNG})
    text = whatsapp(f"{{template: a, language: en, header: {{{kind}: assets/a.png}}}}")
    campaigns, findings = read_text(tmp_path, text)
    if kind == "image":
        assert isinstance(getattr(campaigns[0].message, "header", None), MediaHeader)
    else:
        assert places(findings) == [("CMP126", 6, 53 + len(kind))]
        assert findings[0].help is not None
        assert f"as {kind}" in findings[0].help


def test_by_sms_every_type_goes(tmp_path):
    write(tmp_path, **{"a.gif": b"GIF89a", "a.bin": b"\0\1"})
    for name in ("a.gif", "a.bin"):
        assert read_text(tmp_path, sms(message=f"{{file: {name}}}"))[1] == []
