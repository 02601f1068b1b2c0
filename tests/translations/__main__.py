"""`make messages`: brings every catalogue up to the sources and compiles it. ADD= begins another language."""

import sys

from tests.translations.catalogues import as_mo, as_po, brought_up_to, read
from tests.translations.sources import PLACES, PROJECT, strings_of


def main() -> None:
    """Write the catalogues, and say what is left to translate."""
    languages = sorted({path.name for path in PROJECT.glob("removebg/locale/*")} | set(sys.argv[1:]))
    for place in PLACES:
        strings = strings_of(place)
        for language in languages:
            path = place.path(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            catalog = brought_up_to(strings, read(path, language), language)
            path.write_bytes(as_po(catalog))
            place.path(language, "mo").write_bytes(as_mo(catalog))
            missing = sum(not all(m.string) if isinstance(m.string, tuple) else not m.string for m in catalog if m.id)
            print(f"{path.relative_to(PROJECT)}: {len(catalog)} strings, {missing} to translate")


if __name__ == "__main__":
    main()
