//! Who does the work, and which of them suits a job best.

use crate::{
    Money,
    id::{StockLocationId, TechnicianId, TerritoryId},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technician {
    pub id: TechnicianId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Words such as `f_gas`; translated where one is known.
    pub skills: Vec<String>,
    pub territory_id: Option<TerritoryId>,
    /// The van's stock.
    pub van_id: Option<StockLocationId>,
    /// None: the organisation's standard cost.
    pub cost_per_hour: Option<Money>,
    pub active: bool,
    pub version: i64,
}

/// How well a technician suits a job: the facts a dispatcher weighs, best first by [`Fit::rank`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    pub technician_id: TechnicianId,
    /// The job asks for no skill, or the technician has it.
    pub skill: bool,
    pub same_territory: bool,
    /// Distinct parts in the van that earlier jobs on this model used.
    pub parts_in_van: usize,
    /// Visits to this asset before.
    pub visits_to_asset: usize,
    /// Booked on that day.
    pub booked: TimeDelta,
}

impl Fit {
    /// Skill before all; then two points for the territory, one each for useful parts and knowing the asset, less one
    /// for every four hours already booked; then the emptier day.
    fn rank(&self) -> (bool, i64, std::cmp::Reverse<i64>) {
        let points = i64::from(self.same_territory) * 2
            + i64::from(self.parts_in_van > 0)
            + i64::from(self.visits_to_asset > 0)
            - self.booked.num_hours() / 4;
        (self.skill, points, std::cmp::Reverse(self.booked.num_minutes()))
    }
}

/// The best first; equals keep their order.
pub fn rank(mut fits: Vec<Fit>) -> Vec<Fit> {
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.rank()));
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(skill: bool, same_territory: bool, booked_hours: i64) -> Fit {
        Fit {
            technician_id: TechnicianId::generate(),
            skill,
            same_territory,
            parts_in_van: 0,
            visits_to_asset: 0,
            booked: TimeDelta::hours(booked_hours),
        }
    }

    #[test]
    fn skill_goes_before_nearness_and_a_full_day_loses() {
        let (near, able, full) = (fit(false, true, 0), fit(true, false, 0), fit(true, true, 12));
        let order: Vec<_> = rank(vec![near.clone(), full.clone(), able.clone()])
            .into_iter()
            .map(|f| f.technician_id)
            .collect();
        assert_eq!(order, [able.technician_id, full.technician_id, near.technician_id]);
    }

    /// The better one is named second, so that order alone does not tell.
    fn loses(worse: Fit, better: Fit) {
        let best = rank(vec![worse.clone(), better.clone()]).remove(0);
        assert_eq!(best, better, "{worse:?}");
    }

    #[test]
    fn nearness_parts_and_knowing_the_asset_are_weighed_against_a_fuller_day() {
        let stranger = || fit(true, false, 0);
        let near = || fit(true, true, 0);
        let stocked = || Fit { parts_in_van: 3, ..stranger() };
        let knows = || Fit { visits_to_asset: 1, ..stranger() };
        for better in [near(), stocked(), knows()] {
            loses(stranger(), better);
        }
        let booked = |fit: Fit, hours| Fit { booked: TimeDelta::hours(hours), ..fit };
        loses(stocked(), near());
        loses(knows(), near());
        loses(Fit { visits_to_asset: 1, ..stocked() }, booked(Fit { parts_in_van: 1, ..near() }, 3));
        loses(booked(near(), 12), stranger());
        loses(booked(stocked(), 4), stranger());
        loses(stranger(), booked(stocked(), 3));
        let unused = Fit { booked: TimeDelta::minutes(30), ..stranger() };
        loses(unused, stranger());
        let first = near();
        assert_eq!(rank(vec![first.clone(), near()]).remove(0), first, "equals keep their order");
    }
}
