//! The dispatcher's facts: what waits, who is booked when, and who suits which job.

use chrono::TimeDelta;
use domain::{
    Date, Timestamp,
    calendar::{Zone, end_of_day, start_of_day},
    fleet::{asset::Asset, site::Site},
    id::{AssetId, PartId, SiteId, StockLocationId, TechnicianId, WorkOrderId},
    people::account::Scope,
    work::{
        technician::{Fit, Technician, rank},
        visit::Visit,
        work_order::WorkOrder,
    },
};
use std::collections::{HashMap, HashSet};
use store::{
    StoreError,
    records::{
        Db, Unreadable,
        fleet::{assets, sites},
        work::{parts, stock, technicians, visits, work_orders},
    },
};

/// More waiting jobs than this are not shown; the most urgent come first.
const WAITING: u64 = 30;

pub struct Board {
    pub day: (Timestamp, Timestamp),
    pub waiting: Vec<WorkOrder>,
    pub waiting_in_all: u64,
    pub technicians: Vec<Technician>,
    pub visits: Vec<Visit>,
    /// The work orders of [`Board::visits`].
    pub work_orders: HashMap<WorkOrderId, WorkOrder>,
    pub assets: HashMap<AssetId, Asset>,
    pub sites: HashMap<SiteId, Site>,
    /// The best technician of each waiting job.
    pub best: HashMap<WorkOrderId, Fit>,
    /// Technicians, visits and waiting jobs that cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// The first instant of `date` in `zone` and the first of the next day.
pub fn day_of(date: Date, zone: Zone) -> (Timestamp, Timestamp) {
    (start_of_day(date, zone), end_of_day(date, zone))
}

pub async fn board(db: &Db, scope: Scope, day: (Timestamp, Timestamp)) -> Result<Board, StoreError> {
    let (waiting, mut unreadable) = work_orders::unscheduled(db, WAITING).await?;
    let filter = work_orders::Filter { status: Some("unscheduled".into()), ..work_orders::Filter::default() };
    let waiting_in_all = work_orders::count(db, scope, &filter).await?;
    let (technicians, of_technicians) = technicians::active_and_unreadable(db).await?;
    let (visits, of_visits) = visits::planned_between(db, day.0, day.1).await?;
    let booked: HashSet<WorkOrderId> = visits.iter().map(|visit| visit.work_order_id).collect();
    let (booked, of_booked) = work_orders::by_ids(db, booked).await?;
    unreadable.extend(of_technicians.into_iter().chain(of_visits).chain(of_booked));
    let all = || waiting.iter().chain(booked.values());
    let assets = assets::by_ids(db, all().map(|work| work.asset_id)).await?;
    let sites = sites::by_ids(db, all().map(|work| work.site_id)).await?;
    let suits = Suits::load(db, &technicians, waiting.iter().map(|work| work.asset_id)).await?;
    let mut best = HashMap::new();
    for work in &waiting {
        let fits = suits.fits(work, sites.get(&work.site_id), &technicians, &visits);
        if let Some(fit) = fits.into_iter().next() {
            best.insert(work.id, fit);
        }
    }
    let work_orders = booked;
    Ok(Board {
        day,
        waiting,
        waiting_in_all,
        technicians,
        visits,
        work_orders,
        assets,
        sites,
        best,
        unreadable,
    })
}

/// What speaks for a technician at an asset.
struct Suits {
    vans: HashMap<StockLocationId, HashSet<PartId>>,
    useful: HashMap<AssetId, Vec<PartId>>,
    known: HashMap<(AssetId, TechnicianId), usize>,
}

impl Suits {
    async fn load(
        db: &Db,
        technicians: &[Technician],
        assets: impl Iterator<Item = AssetId> + Clone,
    ) -> Result<Self, StoreError> {
        let vans = technicians.iter().filter_map(|technician| technician.van_id);
        Ok(Self {
            vans: stock::held_at(db, vans).await?,
            useful: parts::used_at_assets(db, assets.clone()).await?,
            known: visits::counts_at_assets(db, assets).await?,
        })
    }

    /// Every technician for a job, best first.
    fn fits(
        &self,
        work: &WorkOrder,
        site: Option<&Site>,
        technicians: &[Technician],
        visits_of_day: &[Visit],
    ) -> Vec<Fit> {
        let useful = self.useful.get(&work.asset_id).map_or(&[][..], Vec::as_slice);
        let territory = site.and_then(|site| site.territory_id);
        let fits = technicians.iter().map(|technician| {
            let van = technician.van_id.and_then(|van| self.vans.get(&van));
            Fit {
                technician_id: technician.id,
                skill: work.required_skill.as_ref().is_none_or(|skill| technician.skills.contains(skill)),
                same_territory: territory.is_some() && technician.territory_id == territory,
                parts_in_van: useful.iter().filter(|part| van.is_some_and(|van| van.contains(part))).count(),
                visits_to_asset: self.known.get(&(work.asset_id, technician.id)).copied().unwrap_or(0),
                booked: booked(visits_of_day, technician.id),
            }
        });
        rank(fits.collect())
    }
}

/// How long a technician is booked among `visits`.
pub fn booked(visits: &[Visit], technician: TechnicianId) -> TimeDelta {
    let own = visits.iter().filter(|visit| visit.technician_id == technician);
    own.map(|visit| visit.planned_end - visit.planned_start).sum()
}

/// The first moment from `now` on at which a technician is free for `minutes`, on a quarter of an hour.
pub fn first_gap(visits: &[Visit], technician: TechnicianId, now: Timestamp, minutes: u32) -> Timestamp {
    let quarter = TimeDelta::minutes(15).num_seconds();
    let after = now.timestamp().div_euclid(quarter) * quarter + quarter;
    let mut start = Timestamp::from_timestamp(after, 0).unwrap_or(now);
    let length = TimeDelta::minutes(i64::from(minutes));
    let mut own: Vec<_> = visits.iter().filter(|visit| visit.technician_id == technician).collect();
    own.sort_by_key(|visit| visit.planned_start);
    for visit in own {
        if visit.planned_end > start && visit.planned_start < start + length {
            start = visit.planned_end;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{clock::from_micros, id::VisitId, work::visit::VisitState};

    #[test]
    fn a_gap_is_found_behind_what_is_booked() {
        let (technician, minute) = (TechnicianId::generate(), 60_000_000);
        let visit = |from: i64, to: i64| Visit {
            id: VisitId::generate(),
            work_order_id: WorkOrderId::generate(),
            technician_id: technician,
            planned_start: from_micros(from * minute),
            planned_end: from_micros(to * minute),
            entered_late: false,
            state: VisitState::Proposed,
            version: 0,
        };
        let booked = [visit(60, 120), visit(150, 200)];
        let gap =
            |minutes| first_gap(&booked, technician, from_micros(50 * minute), minutes).timestamp() / 60;
        assert_eq!(gap(60), 200, "half an hour between two visits is too short");
        assert_eq!(gap(30), 120);
        assert_eq!(
            first_gap(&booked, TechnicianId::generate(), from_micros(50 * minute), 60).timestamp() / 60,
            60
        );
    }
}
