"""What the demo says when it has worked: to a person on the terminal, to a program in demo.json."""

import json
import shlex
from pathlib import Path

from deploy.demo.account import CREDITS, DemoAccount
from deploy.demo.photo import Cutout
from deploy.demo.places import Places


def facts_of(places: Places, account: DemoAccount) -> str:
    """Return demo.json: base_url, api_key, email, password, cutout, and the addresses of the pages."""
    facts = {
        "base_url": places.base_url,
        "api_key": account.api_key,
        "email": account.email,
        "password": account.password,
        "cutout": str(places.cutout),
        "dashboard_url": places.dashboard_url,
        "admin_url": places.admin_url,
    }
    return json.dumps(facts, indent=2) + "\n"


def summary_of(places: Places, account: DemoAccount, cutout: Cutout, *, photo: Path, credits_left: int) -> str:
    """Return what a newcomer wants to know next, with a line to copy."""
    url, key, image = f"{places.base_url}/v1/remove", f"x-api-key: {account.api_key}", f"image_file=@{photo}"
    curl = shlex.join(["curl", "-H", key, "-F", image, "-o", "my-cutout.png", url])
    return f"""
  Cutout      {places.cutout} ({cutout.width} x {cutout.height} pixels)
  Time taken  {cutout.took_s:.1f} s
  Credits     {credits_left} left; this photo took {cutout.credits_charged}, and each start fills up to {CREDITS}
  Dashboard   {places.dashboard_url}
              log in as {account.email} with the password {account.password}
  Admin       {places.admin_url} (the same login)
  For scripts {places.facts}

  The same by hand; put a photo of your own after the @:

  {curl}
"""
