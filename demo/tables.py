"""PyAirbyte's tables in DuckDB."""

from typing import ClassVar

import sqlalchemy
from airbyte._processors.sql.duckdb import DuckDBSqlProcessor
from airbyte.caches import DuckDBCache
from sqlalchemy import text


class _Processor(DuckDBSqlProcessor):
    """Looks up the columns of a table and nothing else.

    PyAirbyte has SQLAlchemy ask for keys, indexes, constraints and comments, too, which no sync
    needs: of a database with a hundred tables, DuckDB spends most of a sync on that.
    """

    def _get_table_by_name(
        self, table_name: str, *, force_refresh: bool = False, shallow_okay: bool = False
    ) -> sqlalchemy.Table:
        if force_refresh:
            self._invalidate_table_cache(table_name)
        if not shallow_okay and table_name not in self._cached_table_definitions:
            schema = self.sql_config.schema_name
            with self.get_sql_connection() as connection:
                described = connection.execute(text(f'describe "{schema}"."{table_name}"'))
                columns = [sqlalchemy.Column(row[0]) for row in described]
            self._cached_table_definitions[table_name] = sqlalchemy.Table(
                table_name, sqlalchemy.MetaData(schema=schema), *columns
            )
        return super()._get_table_by_name(table_name, shallow_okay=shallow_okay)


class Cache(DuckDBCache):
    """PyAirbyte's cache in a DuckDB file."""

    _sql_processor_class: ClassVar[type[DuckDBSqlProcessor]] = _Processor
