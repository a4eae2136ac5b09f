//! The tables as the catalogue has them.

use sqlx::PgConnection;

use crate::StoreError;

/// A table; names are quoted.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Places of the primary key's columns.
    pub(super) key: Vec<usize>,
    /// Places of the columns of each unique index.
    pub(super) unique: Vec<Vec<usize>>,
    /// Places of columns that refer to another table, and its name.
    pub(super) refers: Vec<(Vec<usize>, String)>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) type_name: String,
    /// The server fills it in with something else each time.
    pub(super) is_filled_in: bool,
}

/// Name of a table; names and types of its columns, and whether they are filled in.
type ColumnsRow = (String, Vec<String>, Vec<String>, Vec<bool>);

impl Table {
    /// The rows that a transaction wrote, every column as text.
    pub(super) fn select(&self) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|column| format!("{}::text", column.name))
            .collect();
        format!(
            "SELECT {} FROM {} WHERE xmin::text = $1",
            columns.join(", "),
            self.name
        )
    }

    /// The keys of so many rows, as text, from all over the table.
    pub(super) fn select_keys(&self) -> String {
        let columns = self.key.iter().filter_map(|place| self.columns.get(*place));
        let columns: Vec<_> = columns.map(|column| format!("{}::text", column.name)).collect();
        format!(
            "SELECT {} FROM {} ORDER BY md5(ctid::text) LIMIT $1",
            columns.join(", "),
            self.name
        )
    }
}

/// The tables that the hub writes, in name order.
pub(super) async fn read(connection: &mut PgConnection) -> Result<Vec<Table>, StoreError> {
    let columns: Vec<ColumnsRow> = sqlx::query_as(
        "SELECT c.oid::regclass::text, array_agg(quote_ident(a.attname) ORDER BY a.attnum),
             array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum),
             array_agg(COALESCE(pg_get_expr(d.adbin, d.adrelid) LIKE '%(%', false) ORDER BY a.attnum)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
         GROUP BY c.oid ORDER BY c.oid::regclass::text",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut tables = vec![];
    for (name, names, types, filled_in) in columns {
        let filled = names.iter().zip(types).zip(filled_in);
        let columns = filled.map(|((name, type_name), is_filled_in)| Column {
            name: name.clone(),
            type_name,
            is_filled_in,
        });
        let columns = columns.collect();
        let places = |listed: &[String]| -> Vec<usize> {
            let place = |name: &String| names.iter().position(|known| known == name);
            listed.iter().filter_map(place).collect()
        };
        let indexes: Vec<(bool, Vec<String>)> = sqlx::query_as(
            "SELECT i.indisprimary, ARRAY (SELECT quote_ident(a.attname) FROM UNNEST(i.indkey::int2[]) WITH ORDINALITY
                 AS k (number, place) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY place)
             FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique",
        )
        .bind(&name)
        .fetch_all(&mut *connection)
        .await?;
        let refers: Vec<(Vec<String>, String)> = sqlx::query_as(
            "SELECT ARRAY (SELECT quote_ident(a.attname) FROM UNNEST(c.conkey) AS k (number)
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number), c.confrelid::regclass::text
             FROM pg_constraint c WHERE c.conrelid = $1::regclass AND c.contype = 'f'",
        )
        .bind(&name)
        .fetch_all(&mut *connection)
        .await?;
        let key = indexes.iter().find(|(is_primary, _)| *is_primary);
        tables.push(Table {
            columns,
            key: key.map(|(_, columns)| places(columns)).unwrap_or_default(),
            unique: indexes.iter().map(|(_, columns)| places(columns)).collect(),
            refers: refers
                .into_iter()
                .map(|(columns, table)| (places(&columns), table))
                .collect(),
            name,
        });
    }
    Ok(tables)
}
