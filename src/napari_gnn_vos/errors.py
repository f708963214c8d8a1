"""Every error this package raises on purpose.

The graphical interface shows these errors as notifications, and the command line
exits with status 2. Any other exception is a bug and keeps its traceback. Every
message states what was expected, what was received, and what to do.

* GnnVosError
  * ShapeError        (also a ValueError)  arrays with incompatible shapes
  * VideoError        (also a ValueError)  frames that are not a valid video
  * ScribbleError     (also a ValueError)  a stroke outside the video
  * NoSeedsError      (also a ValueError)  prediction requested without scribbles
  * ReadError         (also an OSError)    a missing, damaged or unsupported file
  * ProjectLockedError  a project that is open in another window
  * CheckpointError   (also a ValueError)  weights that do not match the features
  * SettingsError     (also a ValueError)  an unknown or invalid setting
  * ArgumentError     (also a TypeError)   an argument of a wrong type
  * FrameIndexError   (also an IndexError) a frame that the video does not have
"""

from __future__ import annotations

from collections.abc import Sequence


class GnnVosError(Exception):
    """Base class of all expected errors."""


class ShapeError(GnnVosError, ValueError):
    """Arrays have incompatible shapes, or a shape that is not supported."""


class VideoError(GnnVosError, ValueError):
    """A video has too few frames, frames of several sizes, or unsupported values."""


class ScribbleError(GnnVosError, ValueError):
    """A stroke lies outside the video, or has an invalid label."""


class NoSeedsError(GnnVosError, ValueError):
    """A prediction was requested before any object was annotated."""


class ReadError(GnnVosError, OSError):
    """A file is missing, damaged, or written by a newer version."""


class ProjectLockedError(GnnVosError):
    """A project is open in another window or program."""


class CheckpointError(GnnVosError, ValueError):
    """Weights were trained on features other than those of the graph."""


class SettingsError(GnnVosError, ValueError):
    """A setting, a name or an option is unknown or out of range."""


class ArgumentError(GnnVosError, TypeError):
    """An argument of a function has a wrong type, or is a number out of range."""


class FrameIndexError(GnnVosError, IndexError):
    """A video does not have the frame of this number."""


def abbreviated_list(items: Sequence[object], limit: int = 10) -> str:
    """Format the first items of a sequence for a message, separated by commas.

    Examples
    --------
    >>> abbreviated_list([3, 5, 8], limit=2)
    '3, 5 and 1 more'
    """
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(map(str, items[:limit])) + more


def missing_package(purpose: str, package: str) -> str:
    """Return the message for an optional package that is not installed.

    Examples
    --------
    >>> missing_package("Reading zarr", "zarr")  # doctest: +ELLIPSIS
    'Reading zarr needs the package zarr, which is not installed. Install it with: ...'
    """
    return (
        f"{purpose} needs the package {package}, which is not installed. Install it "
        f"with: pip install {package}"
    )


def with_subject(name: str, error: GnnVosError) -> GnnVosError:
    """Prefix the message of an error with the name of the item it concerns.

    Parameters
    ----------
    name : str
        Name of the item, for example a file name.
    error : GnnVosError

    Returns
    -------
    error : GnnVosError
        Of the same class. `error` itself if its message starts with `name` already.

    Examples
    --------
    >>> str(with_subject("a.mp4", VideoError("Too short.")))
    'a.mp4: Too short.'
    """
    if str(error).startswith(f"{name}: "):
        return error
    return type(error)(f"{name}: {error}")


def combine_errors(errors: Sequence[GnnVosError]) -> GnnVosError:
    """Combine errors into one whose message has one line for each of them.

    Parameters
    ----------
    errors : sequence of GnnVosError
        At least one.

    Returns
    -------
    error : GnnVosError
        Of the class of the first error.
    """
    if len(errors) == 1:
        return errors[0]
    return type(errors[0])("\n".join(map(str, errors)))
