"""Examples of DAGs, which the tests parse."""
