"""Every error this package raises on purpose.

The graphical interface shows these as notifications and the command line exits
with status 2; anything else is a bug and keeps its traceback. Every message says
what was expected, what came, and what to do.

* GnnVosError
  * ShapeError        (also a ValueError)  arrays do not fit together
  * VideoError        (also a ValueError)  frames that cannot be segmented
  * ScribbleError     (also a ValueError)  a stroke that lies nowhere
  * NoSeedsError      (also a ValueError)  prediction asked for without a scribble
  * ReadError         (also an OSError)    a file is missing, broken or too new
  * CheckpointError   (also a ValueError)  weights and features do not match
  * SettingsError     (also a ValueError)  a setting or an option that is not known
"""

from __future__ import annotations

from collections.abc import Sequence


class GnnVosError(Exception):
    """Base of every expected failure."""


class ShapeError(GnnVosError, ValueError):
    """Arrays that belong together have shapes that do not fit."""


class VideoError(GnnVosError, ValueError):
    """A video has too few frames, mixed sizes, or values that are no picture."""


class ScribbleError(GnnVosError, ValueError):
    """A stroke lies outside the video, or marks a label that cannot be."""


class NoSeedsError(GnnVosError, ValueError):
    """A prediction was asked for before anything was annotated."""


class ReadError(GnnVosError, OSError):
    """A file is missing, broken, or written by a newer version."""


class CheckpointError(GnnVosError, ValueError):
    """Weights were trained on features other than the ones at hand."""


class SettingsError(GnnVosError, ValueError):
    """A setting, a name or an option that is not known here."""


def named(name: str, error: GnnVosError) -> GnnVosError:
    """Say which of several things an error is about.

    Parameters
    ----------
    name : str
    error : GnnVosError

    Returns
    -------
    error : GnnVosError
        Of the same kind.

    Examples
    --------
    >>> str(named("a.mp4", VideoError("Too short.")))
    'a.mp4: Too short.'
    """
    if str(error).startswith(f"{name}: "):
        return error
    return type(error)(f"{name}: {error}")


def together(errors: Sequence[GnnVosError]) -> GnnVosError:
    """Make one error of one or more: of the first one's kind, a line for each."""
    if len(errors) == 1:
        return errors[0]
    return type(errors[0])("\n".join(map(str, errors)))
