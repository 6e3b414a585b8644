//! What a visit costs, who pays for it, and the invoice.

use super::Office;
use anyhow::Result;
use chrono::{Datelike, TimeDelta};
use domain::{
    Money, Timestamp,
    calendar::date_of,
    fleet::asset::Asset,
    money::{
        contract::{Contract, Used},
        coverage::{CoverageDecision, CoverageReason, Payer, Question, Work, decide},
        invoice::{Invoice, InvoiceLine, InvoiceNumber, InvoiceState, Series},
    },
    work::{
        line::{Line, LineKind, hours_to_read},
        stock::{MovementReason, StockMovement},
        visit::{Trip, Visit},
        work_order::WorkOrder,
    },
};
use rust_decimal::Decimal;

/// How much of a line there is.
enum Amount {
    Piece,
    Time(TimeDelta),
}

impl Office<'_> {
    pub(super) fn lines(
        &mut self,
        visit: &Visit,
        trip: &Trip,
        ended: Timestamp,
        contract: Option<&Contract>,
    ) -> Result<Vec<Line>> {
        let organisation = &self.fleet.organisation;
        let mut wanted = vec![(
            LineKind::Labour,
            Amount::Time(ended - trip.arrived_at),
            organisation.labour_rate_per_hour,
            organisation.labour_cost_per_hour,
            None,
        )];
        if let Some(left) = trip.travel_started_at {
            let (price, cost) = (organisation.travel_rate_per_hour, organisation.labour_cost_per_hour);
            wanted.push((LineKind::Travel, Amount::Time(trip.arrived_at - left), price, cost, None));
        }
        if self.dice.below(2) == 0 {
            let part = &self.fleet.parts[self.dice.below(self.fleet.parts.len())];
            wanted.push((LineKind::Part, Amount::Piece, part.unit_price, part.unit_cost, Some(part)));
        }
        let contracts: Vec<(Contract, Used)> =
            contract.map(|contract| (contract.clone(), Used::default())).into_iter().collect();
        let mut lines = Vec::new();
        for (kind, amount, unit_price, unit_cost, part) in wanted {
            let (quantity, time_us) = match amount {
                Amount::Piece => (Decimal::ONE, None),
                Amount::Time(span) => {
                    let time_us = span.num_microseconds().unwrap_or(0);
                    (hours_to_read(time_us), Some(time_us))
                }
            };
            let mut line = Line {
                id: self.dice.id(ended).into(),
                work_order_id: visit.work_order_id,
                visit_id: Some(visit.id),
                technician_id: Some(visit.technician_id),
                kind,
                description: part.map(|part| part.name.clone()).unwrap_or_default(),
                part_id: part.map(|part| part.id),
                stock_location_id: part.map(|_| self.fleet.warehouse.id),
                serial_number: None,
                quantity,
                time_us,
                unit_price,
                unit_cost,
                at: ended,
                coverage: CoverageDecision {
                    payer: Payer::Customer,
                    covered_share: Decimal::ZERO,
                    reason: CoverageReason::NoContractOrWarranty,
                },
                invoiced: false,
            };
            let (gross, quantity): (Money, Decimal) = (line.gross()?, line.exact_quantity());
            let work = Work { kind, at: ended, quantity, gross, visit: Some(visit.id), misuse: false };
            line.coverage = decide(&Question { work, warranties: &[], contracts: &contracts });
            lines.push(line);
        }
        Ok(lines)
    }

    pub(super) fn invoice(
        &mut self,
        lines: &[Line],
        work: &WorkOrder,
        asset: &Asset,
        owner: usize,
        at: Timestamp,
    ) -> Result<Invoice> {
        let (organisation, customer) = (&self.fleet.organisation, &self.fleet.customers[owner]);
        let items: Vec<InvoiceLine> = lines
            .iter()
            .map(|line| {
                InvoiceLine::of(line, work.number.clone(), asset.name.clone(), &organisation.usual_tax())
            })
            .collect::<Result<_, _>>()?;
        let year = at.with_timezone(&self.zone).year();
        let last = self.invoices.entry(year).or_default();
        *last += 1;
        let number = InvoiceNumber { series: Series::Invoice, year, number: *last };
        let draft = Invoice {
            id: self.dice.id(at).into(),
            customer_id: asset.customer_id,
            currency: organisation.currency,
            created_at: at,
            state: InvoiceState::Draft,
            issuer: organisation.into(),
            recipient: customer.into(),
            language: "en".into(),
            lines: items,
            version: 1,
        };
        let issued = draft.issue(number, at, date_of(at, self.zone), organisation.payment_terms_days)?;
        let paid_at = at + TimeDelta::days(10 + self.dice.below(30) as i64);
        // One in ten is not paid, and nothing is paid in the future.
        let open = issued.open();
        if open.is_zero() || paid_at >= self.settings.until || self.dice.below(10) == 0 {
            return Ok(issued);
        }
        Ok(issued.pay(open, date_of(paid_at, self.zone))?)
    }

    /// A part that a line used leaves the warehouse.
    pub(super) fn taken(&mut self, line: &Line) -> Option<StockMovement> {
        Some(StockMovement {
            id: self.dice.id(line.at).into(),
            part_id: line.part_id?,
            from: line.stock_location_id,
            to: None,
            quantity: line.quantity,
            reason: MovementReason::Use,
            line_id: Some(line.id),
            note: String::new(),
            at: line.at,
        })
    }
}
