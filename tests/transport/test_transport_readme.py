"""The example of transport/README.md."""

import re
from pathlib import Path
from typing import Any

import httpx2

README = Path(__file__).parents[2] / "transport/README.md"


async def test_example_of_transport_readme_serves_queries() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, README, "exec"), names)  # noqa: S102 - the code of our own page
    transport = httpx2.ASGITransport(app=names["app"])
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.post("/graphql", json={"query": '{hello(name:"Ann")}'})
        metrics = await client.get("/metrics")
    assert response.json() == {"data": {"hello": "Hello, Ann"}}
    assert "graphql_operations_total" in metrics.text
