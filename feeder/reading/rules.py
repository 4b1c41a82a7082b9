"""What the configuration of a source means for reading it. Not for workers: settings take long to load."""

from datetime import datetime

from feeder.config.settings import FolderSource, SourceConfig
from feeder.query import parse_query
from feeder.reading.file import ReadingRules
from feeder.reading.programs import shows_line_breaks
from feeder.sources.files.choosing import Choice


def reading_rules(source: SourceConfig, now: datetime) -> ReadingRules:
    """Return the rules that the configuration of a source gives; `now` is aware."""
    return ReadingRules(
        source=source.name,
        timezone=source.timezone,
        categories=source.categories,
        max_bytes=source.max_bytes,
        now=now,
        folder=source.address if isinstance(source, FolderSource) else "",
        keep_boilerplate=source.boilerplate == "keep",
        summary_only=source.content == "summary",
        article=source.article,
        cut=source.cut,
        keep=parse_query(source.keep) if source.keep else None,
        drop=parse_query(source.drop) if source.drop else None,
        keep_drafts=source.drafts == "keep",
        choice=choice_of(source) if isinstance(source, FolderSource) else Choice(),
        base=(source.base or "") if isinstance(source, FolderSource) else "",
        line_breaks=shows_line_breaks(source.folder) if isinstance(source, FolderSource) else False,
    )


def choice_of(source: FolderSource) -> Choice:
    """Return the globs of a folder."""
    return Choice(source.include, source.exclude)
