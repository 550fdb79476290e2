"""Says that it is there."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def here() -> dict[str, str]:
    return {"status": "here"}
