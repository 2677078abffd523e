"""The service: ``python app.py`` starts all of it, ``gunicorn app:app`` the web alone."""

import sys

import config

if __name__ == "__main__":
    from har.cli import main

    sys.exit(main(["serve"]))

from har.web import create_app

app = create_app(config.load())
