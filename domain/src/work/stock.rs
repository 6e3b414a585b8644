//! Parts, the places they lie in, and the ledger of their movements: what is there is the sum of what moved.

use crate::word::words;
use crate::{
    Money, Timestamp,
    id::{CustomerId, LineId, PartId, StockLocationId, StockMovementId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};
use thiserror::Error;

words!(MovementReason, StockLocationKind);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub id: PartId,
    /// Catalogue number, unique.
    pub number: String,
    pub name: String,
    pub unit_price: Money,
    pub unit_cost: Money,
    /// Order again when the central and local stock falls to this.
    pub reorder_point: Decimal,
    pub active: bool,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StockLocationKind {
    Central,
    Local,
    Van,
    Customer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLocation {
    pub id: StockLocationId,
    pub kind: StockLocationKind,
    pub name: String,
    /// Set for [`StockLocationKind::Customer`].
    pub customer_id: Option<CustomerId>,
    /// More may be taken than is known to be there, where counting lags behind.
    pub may_go_negative: bool,
}

/// Why parts moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MovementReason {
    Receipt,
    Transfer,
    /// Used on a job: the movement names the line.
    Use,
    /// Taken off a job again.
    Return,
    /// A count found another quantity.
    Adjust,
}

/// One entry of the ledger. From or to nowhere is the outside world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockMovement {
    pub id: StockMovementId,
    pub part_id: PartId,
    pub from: Option<StockLocationId>,
    pub to: Option<StockLocationId>,
    /// More than zero, at most three decimals.
    pub quantity: Decimal,
    pub reason: MovementReason,
    pub line_id: Option<LineId>,
    pub note: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StockError {
    #[error("a quantity is more than zero and has at most three decimals")]
    NotAQuantity,
    #[error("from and to must be two different places, one of them ours")]
    NoSuchWay,
    #[error("there is not enough there")]
    Insufficient,
}

/// Quantities are kept to this many decimals.
pub const QUANTITY_DECIMALS: u32 = 3;

/// `quantity` as a movement may carry it.
pub fn check_quantity(quantity: Decimal) -> Result<Decimal, StockError> {
    let limit = Decimal::from(1_000_000);
    if quantity <= Decimal::ZERO || quantity > limit || quantity.normalize().scale() > QUANTITY_DECIMALS {
        return Err(StockError::NotAQuantity);
    }
    Ok(quantity.normalize())
}

impl StockMovement {
    pub fn check(&self) -> Result<(), StockError> {
        check_quantity(self.quantity)?;
        if self.from == self.to { Err(StockError::NoSuchWay) } else { Ok(()) }
    }
    /// What this movement changes at `location`.
    pub fn effect(&self, location: StockLocationId) -> Decimal {
        let mut effect = Decimal::ZERO;
        if self.from == Some(location) {
            effect -= self.quantity;
        }
        if self.to == Some(location) {
            effect += self.quantity;
        }
        effect
    }
}

/// What a place holds: the sum of its movements.
pub fn balance<'a>(
    location: StockLocationId,
    movements: impl IntoIterator<Item = &'a StockMovement>,
) -> Decimal {
    movements.into_iter().map(|movement| movement.effect(location)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_micros;
    use proptest::prelude::*;

    #[test]
    fn quantities_are_positive_and_countable() {
        assert_eq!(check_quantity(Decimal::ZERO), Err(StockError::NotAQuantity));
        assert_eq!(check_quantity(Decimal::new(15, 4)), Err(StockError::NotAQuantity));
        assert_eq!(check_quantity(Decimal::new(1500, 3)), Ok(Decimal::new(15, 1)));
        assert_eq!(check_quantity(Decimal::new(1125, 3)), Ok(Decimal::new(1125, 3)), "grams of a kilogram");
        assert_eq!(check_quantity(Decimal::from(1_000_000)), Ok(Decimal::from(1_000_000)));
        assert_eq!(check_quantity(Decimal::from(1_000_001)), Err(StockError::NotAQuantity));
    }

    proptest! {
        /// Movements between three places neither make nor lose parts, and no place goes below nothing.
        #[test]
        fn the_ledger_balances(moves in proptest::collection::vec((0_usize..4, 0_usize..4, 1_i64..9), 0..60)) {
            let places: Vec<_> = (0..3).map(|_| StockLocationId::generate()).collect();
            let (part, mut ledger, mut received) = (PartId::generate(), vec![], Decimal::ZERO);
            for (from, to, pieces) in moves {
                let movement = StockMovement {
                    id: StockMovementId::generate(),
                    part_id: part,
                    from: places.get(from).copied(),
                    to: places.get(to).copied(),
                    quantity: Decimal::from(pieces),
                    reason: MovementReason::Transfer,
                    line_id: None,
                    note: String::new(),
                    at: from_micros(0),
                };
                let enough = movement.from.is_none_or(|place| balance(place, &ledger) >= movement.quantity);
                if movement.check().is_err() || !enough {
                    continue;
                }
                received += match (movement.from, movement.to) {
                    (None, _) => movement.quantity,
                    (_, None) => -movement.quantity,
                    _ => Decimal::ZERO,
                };
                ledger.push(movement);
                let held: Vec<_> = places.iter().map(|place| balance(*place, &ledger)).collect();
                prop_assert!(held.iter().all(|quantity| *quantity >= Decimal::ZERO));
                prop_assert_eq!(held.into_iter().sum::<Decimal>(), received);
            }
        }
    }
}
