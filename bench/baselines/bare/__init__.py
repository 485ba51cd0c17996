"""The bound: answers without GraphQL, written by hand for the documents of the benchmark, on uvicorn."""
