//! The sums from every interval and failure there is.

use super::super::{failures, states, tallies::Batch};
use crate::{StoreError, records::Db};
use domain::{
    clock::from_micros,
    condition::{
        state::Stretch,
        tally::{self, Change, Service},
    },
    id::{AssetId, SiteId},
};
use sea_orm::{
    Condition, ConnectionTrait, QueryResult, QuerySelect,
    entity::prelude::*,
    sea_query::{Order, Query, SimpleExpr},
};
use std::collections::HashMap;

/// Assets read at once.
const ASSETS: usize = 100;

/// What changes at an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Part {
    Service,
    Log,
    Failures,
}
impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Service, Self::Log, Self::Failures];
}

/// Sums everything anew: after another time zone.
pub async fn rebuild(tx: &Db) -> Result<(), StoreError> {
    for table in ["fleet_days", "site_days"] {
        tx.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    add(tx, Condition::all(), &Part::ALL, 1).await
}

/// Takes a part of assets back that are about to be deleted.
pub(in crate::records) async fn forget(tx: &Db, of: SimpleExpr, part: Part) -> Result<(), StoreError> {
    add(tx, Condition::all().add(of), &[part], -1).await
}

async fn add(tx: &Db, of: Condition, parts: &[Part], times: i64) -> Result<(), StoreError> {
    let mut batch = Batch::new(tx).await?;
    let mut assets = Query::select();
    assets.columns(["id", "site_id", "in_service_from_us", "in_service_to_us"]).from("assets").cond_where(of);
    assets.order_by("site_id", Order::Asc);
    let rows = tx.query_all(&assets).await?;
    let read = |row: &QueryResult| -> Result<(Uuid, Uuid, i64, Option<i64>), DbErr> {
        let (id, site) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok((id, site, row.try_get_by_index(2)?, row.try_get_by_index(3)?))
    };
    let fleet = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for some in fleet.chunks(ASSETS) {
        let service = |from: i64, to: Option<i64>| (from_micros(from), to.map(from_micros));
        let of: Vec<_> = some.iter().map(|(id, _, from, to)| (AssetId(*id), service(*from, *to))).collect();
        let sites: HashMap<AssetId, SiteId> =
            some.iter().map(|(id, site, ..)| (AssetId(*id), SiteId(*site))).collect();
        for (asset, changes) in changes_of(tx, &of, parts).await? {
            if let Some(site) = sites.get(&asset) {
                batch.add(*site, &changes, times);
            }
        }
        // A site's assets follow one another, so its days are written once or twice.
        batch.write(tx).await?;
    }
    Ok(())
}

/// Everything of `parts` that ever changed at some assets.
pub(super) async fn changes_of(
    db: &Db,
    of: &[(AssetId, Service)],
    parts: &[Part],
) -> Result<Vec<(AssetId, Vec<Change>)>, StoreError> {
    let mut found = Found { service: of.iter().copied().collect(), changes: HashMap::new() };
    for part in parts {
        match part {
            Part::Service => {
                of.iter().for_each(|(id, service)| found.add(*id, |_| tally::of_service(*service)));
            }
            Part::Log => logs(db, of, &mut found).await?,
            Part::Failures => failures(db, of, &mut found).await?,
        }
    }
    Ok(found.changes.into_iter().collect())
}

struct Found {
    service: HashMap<AssetId, Service>,
    changes: HashMap<AssetId, Vec<Change>>,
}
impl Found {
    fn add(&mut self, asset: AssetId, changes: impl FnOnce(Service) -> Vec<Change>) {
        if let Some(service) = self.service.get(&asset) {
            self.changes.entry(asset).or_default().extend(changes(*service));
        }
    }
}

async fn logs(db: &Db, of: &[(AssetId, Service)], found: &mut Found) -> Result<(), StoreError> {
    type Row = (Uuid, i64, Option<i64>, String, bool);
    let rows: Vec<Row> = states::Entity::find()
        .select_only()
        .column(states::Column::AssetId)
        .column(states::Column::FromUs)
        .column(states::Column::ToUs)
        .column(states::Column::State)
        .column(states::Column::Resumes)
        .filter(states::Column::AssetId.is_in(of.iter().map(|(id, _)| Uuid::from(*id))))
        .into_tuple()
        .all(db)
        .await?;
    for (asset, from, to, state, resumes) in rows {
        let stretch = Stretch {
            from: from_micros(from),
            to: to.map(from_micros),
            state: states::word(&state)?,
            cause: None,
            resumes,
        };
        found.add(AssetId(asset), |service| tally::of_stretch(&stretch, service));
    }
    Ok(())
}

async fn failures(db: &Db, of: &[(AssetId, Service)], found: &mut Found) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, i64, Option<i64>)> = failures::Entity::find()
        .select_only()
        .column(failures::Column::AssetId)
        .column(failures::Column::AtUs)
        .column(failures::Column::RestoredAtUs)
        .filter(failures::Column::AssetId.is_in(of.iter().map(|(id, _)| Uuid::from(*id))))
        .into_tuple()
        .all(db)
        .await?;
    for (asset, at, restored) in rows {
        let (at, restored) = (from_micros(at), restored.map(from_micros));
        found.add(AssetId(asset), |service| tally::of_failure(at, restored, service));
    }
    Ok(())
}
