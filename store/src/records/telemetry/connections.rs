//! The newest connection of each device, and how often it has connected. Written in batches by the gateway's one
//! writer, so that ten thousand devices coming back do not mean ten thousand transactions.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::table},
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::{ConnectionId, DeviceId},
    telemetry::connection::{Connection, EndReason, Ended},
};
use sea_orm::{
    QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};
use sea_orm_migration::prelude::*;

table! {
    Connection in "connections" {
        device_id as device: DeviceId,
        connection_id as id: ConnectionId,
        client_id: String,
        remote: String,
        connected_at_us as connected_at: Timestamp,
        connects: u64,
    }
    columns |connection| {
        ended_at_us: Option<i64> = connection.ended.map(|ended| ended.at.timestamp_micros()),
        end_reason: Option<String> = connection.ended.map(|ended| ended.reason.as_str().into()),
    }
    fields |row| {
        ended: ended(row)?,
    }
}

fn ended(row: &Model) -> Result<Option<Ended>, StoreError> {
    let (Some(at_us), Some(word)) = (row.ended_at_us, &row.end_reason) else { return Ok(None) };
    Ok(Some(Ended { at: from_micros(at_us), reason: columns::from_word(word)? }))
}

/// Rows of one statement. Statements of every length up to it are kept prepared, so it is small.
const ROWS_PER_STATEMENT: usize = 50;

/// `None` when the device never connected.
pub async fn get(db: &Db, device: DeviceId) -> Result<Option<Connection>, StoreError> {
    Entity::find_by_id(device).one(db).await?.map(from_row).transpose()
}

/// The connections of those of `devices` that ever connected, in no order.
pub async fn of_devices(db: &Db, devices: &[DeviceId]) -> Result<Vec<Connection>, StoreError> {
    let mut found = Vec::new();
    for some in devices.chunks(ROWS_PER_STATEMENT) {
        let ids = some.iter().map(|id| Uuid::from(*id));
        let rows = Entity::find().filter(Column::DeviceId.is_in(ids)).all(db).await?;
        found.extend(rows.into_iter().map(from_row).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

/// How many devices have a connection open.
pub async fn count_open(db: &Db) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::EndedAtUs.is_null()).count(db).await?)
}

/// Keeps the newest connection of each device. Here `connects` is the *increment*. A connection older than the kept
/// one changes nothing, so the late end of an old session never hides a new one.
pub async fn upsert(tx: &Db, connections: &[Connection]) -> Result<(), StoreError> {
    let replaced = [
        Column::ConnectionId,
        Column::ClientId,
        Column::Remote,
        Column::ConnectedAtUs,
        Column::EndedAtUs,
        Column::EndReason,
    ];
    for some in connections.chunks(ROWS_PER_STATEMENT) {
        let newest = OnConflict::column(Column::DeviceId)
            .update_columns(replaced)
            .value(Column::Connects, Expr::cust("connections.connects + excluded.connects"))
            .action_and_where(Expr::cust("excluded.connected_at_us >= connections.connected_at_us"))
            .to_owned();
        let rows: Vec<_> = some.iter().map(to_row).collect::<Result<_, _>>()?;
        Entity::insert_many(rows).on_conflict(newest).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Ends what a process that was killed left open.
pub async fn end_open(tx: &Db, at: Timestamp, reason: EndReason) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::EndedAtUs, Expr::value(at.timestamp_micros()))
        .col_expr(Column::EndReason, Expr::value(reason.as_str()))
        .filter(Column::EndedAtUs.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Which devices have a connection open.
pub async fn open_devices(db: &Db, limit: u64) -> Result<Vec<DeviceId>, StoreError> {
    let rows: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::DeviceId)
        .filter(Column::EndedAtUs.is_null())
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(DeviceId::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::tests::place;
    use domain::id::ConnectionId;

    fn connection(device: DeviceId, connected_at_us: i64, ended: Option<(i64, EndReason)>) -> Connection {
        Connection {
            device,
            id: ConnectionId::generate(),
            client_id: "pump".into(),
            remote: "127.0.0.1:5".into(),
            connected_at: from_micros(connected_at_us),
            ended: ended.map(|(at, reason)| Ended { at: from_micros(at), reason }),
            connects: 1,
        }
    }

    #[tokio::test]
    async fn the_late_end_of_an_old_session_never_hides_a_new_one() {
        let (_place, records) = place::records().await;
        let device = DeviceId::generate();
        let new = connection(device, 2_000, None);
        let old = connection(device, 1_000, Some((3_000, EndReason::TakenOver)));
        let tx = records.begin().await.unwrap();
        upsert(&tx, std::slice::from_ref(&new)).await.unwrap();
        upsert(&tx, &[old]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(get(records.read(), device).await.unwrap(), Some(new.clone()));
        assert_eq!(open_devices(records.read(), 10).await.unwrap(), [device]);

        let tx = records.begin().await.unwrap();
        end_open(&tx, from_micros(9_000), EndReason::ServerRestarted).await.unwrap();
        upsert(&tx, &[connection(device, 10_000, None), connection(DeviceId::generate(), 1, None)])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let found = get(records.read(), device).await.unwrap().unwrap();
        assert_eq!((found.is_open(), found.connects), (true, 2));
        assert_eq!(count_open(records.read()).await.unwrap(), 2);
    }
}
