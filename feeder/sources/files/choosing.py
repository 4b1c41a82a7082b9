"""Which files of a folder are articles by their names: the source's globs, and what lies beside articles. Pure.

Folders hold more than articles: a clone of a blog's repository has licences, templates and manifests, and a saved page
has a folder with its frames. `contents.py` decides by content.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

# What browsers append to a page's name for the folder of its files, in the languages of Windows.
_PAGE_FOLDER = re.compile(
    r"(?:[_.-]files|[_-]file|-dateien|_dateien|_fichiers|_archivos|_arquivos|_ficheiros|_bestanden|_pliki|[-_]filer|"
    r"_tiedostot|_soubory|_elemei|_dosyalar|_fails|_failid|_bylos|_datoteke|_fitxers|_fitxategiak)",
    re.IGNORECASE,
)
_PAGE = re.compile(r"(?P<stem>.+)\.(?:x?html?|mht|php|aspx?)", re.IGNORECASE | re.DOTALL)
# Folders of a site's machinery: not even an article's front matter makes their files articles.
_MACHINERY = frozenset({"node_modules", "_layouts", "_includes", "_sass", "bower_components", "__pycache__"})

_KINDS = {
    "licence": "license licence copying copyright notice unlicense patents ofl",
    "readme": "readme",
    "project file": """contributors maintainers contributing code_of_conduct code-of-conduct codeowners changelog
        makefile dockerfile gemfile rakefile procfile vagrantfile jenkinsfile brewfile pipfile cname issue_template
        pull_request_template cmakelists requirements requirements-dev requirements-test""",
    "note to robots": "robots humans ads llms llms-full security.txt keybase.txt",
    "list of pages": "_index _sidebar _navbar _coverpage sitemap",
    "error page": "404.html 500.html 404.htm 500.htm",  # 404.md may be the 404th of a numbered archive
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
# Words that articles may have as their names too: only in capitals, as projects write them.
_IN_CAPITALS = frozenset(
    str.split("AUTHORS SECURITY SUPPORT GOVERNANCE CHANGES HISTORY RELEASES NEWS INSTALL TODO VERSION SUMMARY FUNDING")
)
_WRITTEN = re.compile(
    r"(?P<stem>[^.]+)(?:\.[a-z]{2}(?:[-_]\w{2,4})?)?(?:\.(?:md|markdown|mdx|txt|text|html?|xml|rst|adoc|org))?",
    re.IGNORECASE,
)
_README = re.compile(r"readme[-_][a-z]{2}(?:[-_][a-z]{2,4})?\.(?:md|markdown|txt|rst)")
_OWNERSHIP = re.compile(r"google[0-9a-f]{16}\.html|yandex_[0-9a-f]{16}\.html|baidu_verify_\S{1,40}\.html")
_LICENCE = re.compile(
    r"(?:un)?licen[sc]e(?:[-_.](?:md|txt|html?|rst|mit|apache|gpl|bsd|cc|code|content|docs?)\S*)?|copying\S*"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The globs of a source.

    A glob without `/` matches a name in any folder, others the path from the source's folder; `**` stands for any
    number of folders, and a glob that matches a folder stands for everything in it. Without `include` every file is
    included; `exclude` wins.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, path: str) -> bool:
        """Whether a file is chosen."""
        return not self.leaves_out(path) and (not self.include or any(_matches(path, glob) for glob in self.include))

    def leaves_out(self, path: str) -> bool:
        """Whether a file or folder is excluded."""
        return any(_matches(path, glob) for glob in self.exclude)

    def names(self, path: str) -> bool:
        """Whether a file is included by its written-out name, which overrules what such a name usually means."""
        name = path.rpartition("/")[2]
        return any(glob.rpartition("/")[2] == name and _matches(path, glob) for glob in self.include)


def _matches(path: str, glob: str) -> bool:
    glob = glob.strip("/")
    parts = glob.split("/")
    return _match_parts(path.strip("/").split("/"), parts if len(parts) > 1 else ["**", *parts])


def _match_parts(path: list[str], globs: list[str]) -> bool:
    """Whether the globs match the first parts of a path. Each step keeps the set of places that can be reached."""
    places = {0}
    for glob in globs:
        if glob == "**":
            places = set(range(min(places), len(path) + 1))
        else:
            places = {place + 1 for place in places if place < len(path) and fnmatchcase(path[place], glob)}
        if not places:
            return False
    return True


def page_folders(names: Collection[str]) -> tuple[str, ...]:
    """Return the stems of the saved pages among the names in a folder, for `is_page_folder`."""
    return tuple(match["stem"] for name in names if (match := _PAGE.fullmatch(name)) is not None)


def is_page_folder(name: str, stems: Collection[str]) -> bool:
    """Whether a folder has the frames and pictures of a page that a browser saved beside it."""
    return any(name.startswith(stem) and _PAGE_FOLDER.fullmatch(name[len(stem) :]) for stem in stems)


def kind_by_name(path: str) -> str | None:
    """Return what a file usually is by its name if that is no article, such as "licence"; None if it may be one."""
    *folders, name = path.split("/")
    if machinery := _MACHINERY.intersection(folders):
        return f"in {min(machinery)}/"
    if _LICENCE.fullmatch(name.lower()) is not None:
        return "licence"
    if _README.fullmatch(name.lower()) is not None:
        return "readme"
    if _OWNERSHIP.fullmatch(name.lower()) is not None:
        return "proof of ownership for a search engine"
    match = _WRITTEN.fullmatch(name)
    stem = match["stem"] if match else name
    return "project file" if stem in _IN_CAPITALS else _KIND_OF.get(stem.lower()) or _KIND_OF.get(name.lower())
