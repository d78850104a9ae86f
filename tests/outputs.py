"""What a static face displayed."""

import json
import re


def spec_of(html: str) -> dict:
    """What the page's script gets."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])
