"""The structured answer as a pydantic model, for the clients that want one."""

from pydantic import BaseModel


class Person(BaseModel):
    """Somebody."""

    model_config = {"extra": "forbid"}
    name: str
    age: int
    languages: list[str]
