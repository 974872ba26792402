"""`openqwq release`: writes the folder, lists it, and hands it to a hub where asked."""

import tempfile
from pathlib import Path

from openqwq.release import push
from openqwq.release.build import Wishes, prepare, require_place, write

UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def run(run: Path, out: Path, wishes: Wishes, destination: str | None, private: bool, dry_run: bool) -> None:
    """Prints a line a file. Raises `UserError` for whatever stands against the release, before anything is written."""
    where, name = push.target(destination) if destination else ("", "")
    release = prepare(run, wishes)
    require_place(out)
    if dry_run:
        with tempfile.TemporaryDirectory() as folder:
            release.write_small(Path(folder))
            _show(release.listing(Path(folder)))
        print(f"dry run: nothing was written to {out}" + (f", nothing sent to {where}:{name}" if destination else ""))
        return
    if destination:
        push.require(where)
    _show(write(release, out))
    print(f"released {release.source.stage} of {release.source.config['run']} as {out}")
    if destination:
        print(f"pushed to {push.push(where, name, out, private)}")


def _show(files: list[tuple[str, int]]) -> None:
    for name, size in files:
        print(f"{_size(size):>10}  {name}")
    print(f"{_size(sum(size for _, size in files)):>10}  in all, {len(files)} files")


def _size(count: int) -> str:
    return next((f"{count / unit:.1f} {name}" for unit, name in UNITS if count >= unit), f"{count} B")
