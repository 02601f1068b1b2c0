"""The stand-in by itself: python -m tests.stripe_stand_in --port 12111 --webhook URL SECRET."""

import argparse
import threading

from tests.stripe_stand_in.stand_in import StripeStandIn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--webhook", nargs=2, metavar=("URL", "SECRET"), action="append", default=[])
    arguments = parser.parse_args()
    with StripeStandIn(port=arguments.port) as stand_in:
        for url, secret in arguments.webhook:
            stand_in.control.add_endpoint(url, secret)
        print(stand_in.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
