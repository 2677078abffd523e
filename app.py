"""The service: ``python app.py`` starts all of it, ``gunicorn app:app`` the web alone."""

import sys

if __name__ == "__main__":
    from har.cli import main

    sys.exit(main(["serve"]))

from har.web import start

app = start()
