//! Everything that stands in a ledger's file.

use serde_json::Value;
use sqlx::{Row as _, SqlitePool};
use std::path::Path;

/// All rows of all tables, as `table`, `key`, `body`.
pub struct Leak(Vec<(String, String, String)>);

impl Leak {
    pub async fn of(file: &Path) -> Self {
        let pool = SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(file)).await.unwrap();
        let tables = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        let mut rows = Vec::new();
        for table in tables.fetch_all(&pool).await.unwrap() {
            let table: String = table.get(0);
            let columns = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')")));
            let names: Vec<String> = columns.fetch_all(&pool).await.unwrap().iter().map(|row| row.get(0)).collect();
            let list = names.iter().map(|name| format!("CAST({name} AS TEXT)")).collect::<Vec<_>>().join(", ");
            let all = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {list} FROM {table}")));
            for row in all.fetch_all(&pool).await.unwrap() {
                let text = |at: usize| row.try_get::<Option<String>, _>(at).ok().flatten().unwrap_or_default();
                let rest = (1..names.len()).map(text).collect::<Vec<_>>();
                rows.push((table.clone(), text(0), if names[1] == "body" { rest[0].clone() } else { rest.join(" ") }));
            }
        }
        pool.close().await;
        Self(rows)
    }

    /// The rows of a table: key and body.
    pub fn table<'l>(&'l self, name: &'l str) -> impl Iterator<Item = (&'l str, Value)> + 'l {
        self.0
            .iter()
            .filter(move |(table, ..)| table == name)
            .map(|(_, key, body)| (key.as_str(), serde_json::from_str(body).unwrap_or(Value::String(body.clone()))))
    }

    /// What people signed, in the order of their receipts.
    pub fn evidence(&self) -> Vec<Value> {
        let rows = self.0.iter().filter(|(table, ..)| table == "evidence");
        rows.map(|(_, _, rest)| serde_json::from_str(&rest[rest.find('{').unwrap()..]).unwrap()).collect()
    }

    /// Every text that stands alone somewhere in it: what could be a password, a code or a ticket.
    pub fn words(&self, but: &str) -> Vec<String> {
        fn collect(value: &Value, to: &mut Vec<String>) {
            match value {
                Value::String(text) => to.push(text.clone()),
                Value::Array(items) => items.iter().for_each(|item| collect(item, to)),
                Value::Object(members) => members.values().for_each(|item| collect(item, to)),
                _ => {}
            }
        }
        let mut words = Vec::new();
        for (table, key, body) in &self.0 {
            if table != but {
                words.push(key.clone());
                collect(&serde_json::from_str(body).unwrap_or(Value::String(body.clone())), &mut words);
            }
        }
        words
    }
}
