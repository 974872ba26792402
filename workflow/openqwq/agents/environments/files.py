"""Environment `files`: a file system in memory with tools named as in a shell. Scored from the tree that is left.

Task: `{"files": {path: text}, "expected": {path: text}, "folders": [path]}`: the files at the beginning, the files at the end
and no others, and folders that must be there at the end, empty or not. Blank lines at a file's end do not count.
"""

from typing import Any, ClassVar

from openqwq.agents.environment import TOOL_SECONDS, BadTask, ToolError, not_a_tool, task_of
from openqwq.verify import Verdict, correct, incorrect

MAX_ENTRIES = 500
MAX_CHARACTERS = 200_000  # of all files together
MAX_PATH = 200
MAX_MATCHES = 50


class Files:
    """Every tool is bounded by the size of the tree."""

    name: ClassVar[str] = "files"

    def __init__(self, _tool_seconds: float = TOOL_SECONDS) -> None:
        self._files: dict[str, str] = {}
        self._folders: set[str] = {"/"}
        self._expected: dict[str, str] = {}
        self._needed: list[str] = []

    def reset(self, **problem: Any) -> None:
        """Makes the tree."""
        task = task_of(problem, files=dict, expected=dict, folders=list)
        texts = [*task["files"].items(), *task["expected"].items(), *((folder, "") for folder in task["folders"])]
        if not all(isinstance(path, str) and path.startswith("/") and isinstance(text, str) for path, text in texts):
            raise BadTask("files and folders are absolute paths, and files are text")
        self._files, self._folders = dict(task["files"]), {"/"}
        for path in self._files:
            self._folders.update(_parents(path))
        self._expected, self._needed = task["expected"], task["folders"]

    def ls(self, path: str) -> str:
        """List a folder: one entry a line, folders with a slash at the end.

        Args:
            path: The folder, such as /notes.
        """
        folder = _path(path)
        if folder not in self._folders:
            raise ToolError(f"{folder} is a file: read it with cat." if folder in self._files else self._missing(folder))
        inside = [entry + "/" for entry in self._folders if entry != "/" and _parent(entry) == folder]
        inside += [entry for entry in self._files if _parent(entry) == folder]
        return "\n".join(sorted(entry.removeprefix(folder).lstrip("/") for entry in inside)) or "(empty)"

    def cat(self, path: str) -> str:
        """Show the text of a file.

        Args:
            path: The file, such as /notes/today.txt.
        """
        return self._file(path)[1] or "(empty)"

    def write(self, path: str, text: str) -> str:
        """Write a file: a new one, or in place of all that was in it.

        Args:
            path: The file. Its folder must exist.
            text: The whole new text.
        """
        return self._put(self._new(path), text)

    def append(self, path: str, text: str) -> str:
        """Add a line at the end of a file that exists.

        Args:
            path: The file.
            text: The line, or several.
        """
        file, old = self._file(path)
        return self._put(file, f"{old}\n{text}" if old and not old.endswith("\n") else old + text)

    def mv(self, source: str, target: str) -> str:
        """Move or rename one file. A target that is a folder takes the file under its own name.

        Args:
            source: The file as it is called now.
            target: Its new path, or a folder.
        """
        file, text = self._file(source)
        new = self._into(file, target)
        del self._files[file]
        self._files[new] = text
        return f"moved to {new}"

    def cp(self, source: str, target: str) -> str:
        """Copy one file. A target that is a folder takes the copy under the same name.

        Args:
            source: The file.
            target: The copy's path, or a folder.
        """
        file, text = self._file(source)
        return self._put(self._into(file, target), text)

    def rm(self, path: str) -> str:
        """Remove one file, or a folder that is empty.

        Args:
            path: The file or folder.
        """
        entry = _path(path)
        if entry in self._files:
            del self._files[entry]
        elif entry not in self._folders:
            raise ToolError(self._missing(entry))
        elif entry == "/" or any(_parent(other) == entry for other in [*self._files, *self._folders - {"/"}]):
            raise ToolError(f"{entry} is a folder that is not empty. Remove what is in it first.")
        else:
            self._folders.remove(entry)
        return f"removed {entry}"

    def mkdir(self, path: str) -> str:
        """Make a folder, and those above it.

        Args:
            path: The folder.
        """
        folder = _path(path)
        above = [*_parents(folder), folder]
        for entry in above:
            if entry in self._files:
                raise ToolError(f"{entry} is a file.")
        if len(self._files) + len(self._folders.union(above)) > MAX_ENTRIES:
            raise ToolError(f"no room: there may be {MAX_ENTRIES} files and folders.")
        self._folders.update(above)
        return f"made {folder}"

    def grep(self, text: str, path: str) -> str:
        """Find the lines that contain a text, in a file or in all files below a folder. The text is no pattern.

        Args:
            text: What to look for; capitals count.
            path: A file, or a folder such as /.
        """
        if not text:
            raise ToolError("the text to look for is empty.")
        start = _path(path)
        if start not in self._files and start not in self._folders:
            raise ToolError(self._missing(start))
        below = start.rstrip("/") + "/"
        found = [
            f"{file}: {line}"
            for file in sorted(self._files)
            if file == start or file.startswith(below)
            for line in self._files[file].splitlines()
            if text in line
        ]
        more = [f"(and {len(found) - MAX_MATCHES} more lines)"] if len(found) > MAX_MATCHES else []
        return "\n".join([*found[:MAX_MATCHES], *more]) or "(no line)"

    @not_a_tool
    def score(self, _answer: str) -> Verdict:
        """The tree must be the expected one: nothing missing, nothing else changed."""
        left = {path: text.rstrip() for path, text in self._files.items()}
        wanted = {path: text.rstrip() for path, text in self._expected.items()}
        for path in sorted(left.keys() | wanted.keys()):
            if path not in left:
                return incorrect(f"{path} is missing")
            if path not in wanted:
                return incorrect(f"{path} should not be there")
            if left[path] != wanted[path]:
                return incorrect(f"{path} has another text")
        missing = [folder for folder in self._needed if folder not in self._folders]
        return incorrect(f"the folder {missing[0]} is missing") if missing else correct("the tree is as it should be")

    @not_a_tool
    def close(self) -> None:
        """Nothing is held."""

    def _file(self, path: str) -> tuple[str, str]:
        file = _path(path)
        if file not in self._files:
            raise ToolError(f"{file} is a folder." if file in self._folders else self._missing(file))
        return file, self._files[file]

    def _into(self, file: str, target: str) -> str:
        """Where `target` puts a file; nothing is overwritten."""
        new = _path(target)
        new = self._new(f"{new.rstrip('/')}/{file.rpartition('/')[2]}" if new in self._folders else new)
        if new in self._files:
            raise ToolError(f"{new} exists already. Remove it first, or take another name.")
        return new

    def _new(self, path: str) -> str:
        """A path at which a file may stand."""
        file = _path(path)
        if file in self._folders:
            raise ToolError(f"{file} is a folder.")
        if _parent(file) not in self._folders:
            raise ToolError(f"there is no folder {_parent(file)}. Make it with mkdir first.")
        return file

    def _put(self, file: str, text: str) -> str:
        entries = len(self._files) + len(self._folders) + (file not in self._files)
        size = sum(map(len, self._files.values())) - len(self._files.get(file, "")) + len(text)
        if entries > MAX_ENTRIES or size > MAX_CHARACTERS:
            raise ToolError(f"no room: at most {MAX_ENTRIES} files and folders and {MAX_CHARACTERS} characters in all.")
        self._files[file] = text
        return f"wrote {file}"

    def _missing(self, path: str) -> str:
        folder = _parent(path)
        hint = f"ls {folder} shows what is there." if folder in self._folders else f"There is no folder {folder} either."
        return f"there is no file or folder {path}. {hint}"


def _path(path: str) -> str:
    """Absolute, without empty parts, `.` and `..`. Raises `ToolError` for one that is too long."""
    if len(path) > MAX_PATH or any(not character.isprintable() for character in path):
        raise ToolError(f"a path has at most {MAX_PATH} printable characters.")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _parents(path: str) -> list[str]:
    """All folders above a path, but for the root."""
    parts = path.strip("/").split("/")[:-1]
    return ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
