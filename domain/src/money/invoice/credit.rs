//! Taking back what an invoice billed: the whole, lines of it, or parts of lines, whether it was paid or not.
//!
//! Nothing is ever credited beyond what was billed. Amounts and taxes are computed on what *remains* of the invoice,
//! so that credit notes over all of its parts add up to exactly the invoice, to the minor unit: the tax of a note is
//! the tax on the remainder before it less the tax on the remainder after it.

use super::{Invoice, InvoiceLine, InvoiceNumber, InvoiceState, Tax};
use crate::{
    Date, Money, MoneyError, Timestamp,
    id::{CreditNoteId, InvoiceId, InvoiceLineId},
    lifecycle::InvalidTransition,
    money::tax::TaxCategory,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A paper of its own, with its own number. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNote {
    pub id: CreditNoteId,
    pub invoice_id: InvoiceId,
    pub number: InvoiceNumber,
    pub at: Timestamp,
    /// The date on the paper.
    pub on: Date,
    pub reason: String,
    pub lines: Vec<CreditLine>,
    pub net: Money,
    pub taxes: Vec<Tax>,
    pub total: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreditLine {
    pub invoice_line_id: InvoiceLineId,
    /// Taken back of the billed quantity; none where only the price is lowered.
    pub quantity: Decimal,
    pub net: Money,
    /// With this note nothing of the line is left: its work may be corrected and billed again.
    pub whole: bool,
}

/// How much of a line is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All that is left of it.
    Whole,
    Quantity(Decimal),
    /// Before tax.
    Amount(Money),
}

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Whatever is left of every line.
    Everything,
    Lines(Vec<(InvoiceLineId, Extent)>),
}

/// What a new note carries besides its amounts.
#[derive(Clone, Debug)]
pub struct Heading {
    pub number: InvoiceNumber,
    pub at: Timestamp,
    pub on: Date,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditRefused {
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    #[error("all of it was taken back already")]
    NothingLeft,
    #[error("the invoice has no such line, or it is named twice")]
    NoSuchLine,
    #[error("a quantity or an amount is more than nothing")]
    NotPositive,
    #[error("more than what is left of the line")]
    MoreThanBilled,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What notes have taken back of one line.
#[derive(Clone, Copy, Debug)]
struct Taken {
    quantity: Decimal,
    net: Money,
}

impl Taken {
    fn left(self, line: &InvoiceLine) -> Result<(Decimal, Money), MoneyError> {
        Ok((line.quantity - self.quantity, line.net.checked_sub(self.net)?))
    }
    fn is_whole(self, line: &InvoiceLine) -> bool {
        // A line that cost the customer nothing is taken back by its quantity.
        self.net == line.net && (line.net.minor > 0 || self.quantity == line.quantity)
    }
}

impl Invoice {
    /// The invoice with its account after the note, and the note. `earlier` are all notes on this invoice so far.
    pub fn credit(
        mut self,
        earlier: &[CreditNote],
        wanted: &Wanted,
        heading: Heading,
    ) -> Result<(Self, CreditNote), CreditRefused> {
        let InvoiceState::Issued { issued, account } = self.state else {
            return Err(self.refuse("be credited").into());
        };
        let before = self.taken(earlier)?;
        let lines = self.pieces(&before, wanted)?;
        let mut after = before.clone();
        for piece in &lines {
            add(&mut after, piece)?;
        }
        let taxes = self.taxes_between(&before, &after)?;
        let net = Money::sum(lines.iter().map(|line| line.net), self.currency)?;
        let total = Money::sum(taxes.iter().map(|tax| tax.tax), self.currency)?.checked_add(net)?;
        let taken_back = self.lines.iter().all(|line| after[&line.id].is_whole(line));
        self.state = InvoiceState::Issued { issued, account: account.credit(total, taken_back)? };
        let Heading { number, at, on, reason } = heading;
        let id = CreditNoteId::generate();
        let note = CreditNote { id, invoice_id: self.id, number, at, on, reason, lines, net, taxes, total };
        Ok((self, note))
    }

    /// What is left of each line, in the order of the lines: quantity, and amount before tax.
    pub fn left(&self, notes: &[CreditNote]) -> Result<Vec<(Decimal, Money)>, MoneyError> {
        let taken = self.taken(notes)?;
        self.lines.iter().map(|line| taken[&line.id].left(line)).collect()
    }

    fn taken(&self, notes: &[CreditNote]) -> Result<HashMap<InvoiceLineId, Taken>, MoneyError> {
        let nothing = Taken { quantity: Decimal::ZERO, net: Money::zero(self.currency) };
        let mut taken: HashMap<_, _> = self.lines.iter().map(|line| (line.id, nothing)).collect();
        for piece in notes.iter().flat_map(|note| &note.lines) {
            add(&mut taken, piece)?;
        }
        Ok(taken)
    }

    fn pieces(
        &self,
        taken: &HashMap<InvoiceLineId, Taken>,
        wanted: &Wanted,
    ) -> Result<Vec<CreditLine>, CreditRefused> {
        let left = |line: &&InvoiceLine| !taken[&line.id].is_whole(line);
        let pieces: Vec<CreditLine> = match wanted {
            Wanted::Everything => {
                let lines = self.lines.iter().filter(left);
                lines.map(|line| piece(line, taken[&line.id], Extent::Whole)).collect::<Result<_, _>>()?
            }
            Wanted::Lines(wanted) => {
                let mut pieces = Vec::<CreditLine>::with_capacity(wanted.len());
                for (id, extent) in wanted {
                    let line = self.lines.iter().find(|line| line.id == *id);
                    let twice = pieces.iter().any(|piece| piece.invoice_line_id == *id);
                    let line = line.filter(|_| !twice).ok_or(CreditRefused::NoSuchLine)?;
                    pieces.push(piece(line, taken[id], *extent)?);
                }
                pieces
            }
        };
        if pieces.is_empty() { Err(CreditRefused::NothingLeft) } else { Ok(pieces) }
    }

    /// The tax on what remains before, less the tax on what remains after, for each rate that the note touches.
    fn taxes_between(
        &self,
        before: &HashMap<InvoiceLineId, Taken>,
        after: &HashMap<InvoiceLineId, Taken>,
    ) -> Result<Vec<Tax>, MoneyError> {
        let zero = Money::zero(self.currency);
        let mut remains = BTreeMap::<(Decimal, TaxCategory), (Money, Money)>::new();
        for line in &self.lines {
            let (old, new) = remains.entry(line.taxed_as()).or_insert((zero, zero));
            *old = old.checked_add(before[&line.id].left(line)?.1)?;
            *new = new.checked_add(after[&line.id].left(line)?.1)?;
        }
        let changed = remains.into_iter().filter(|(_, (old, new))| old != new);
        changed
            .map(|((rate, category), (old, new))| {
                let tax = old.times(rate)?.checked_sub(new.times(rate)?)?;
                Ok(Tax { category, rate, net: old.checked_sub(new)?, tax })
            })
            .collect()
    }
}

fn add(taken: &mut HashMap<InvoiceLineId, Taken>, piece: &CreditLine) -> Result<(), MoneyError> {
    if let Some(sum) = taken.get_mut(&piece.invoice_line_id) {
        sum.quantity += piece.quantity;
        sum.net = sum.net.checked_add(piece.net)?;
    }
    Ok(())
}

fn piece(line: &InvoiceLine, taken: Taken, extent: Extent) -> Result<CreditLine, CreditRefused> {
    let (quantity_left, net_left) = taken.left(line)?;
    let (quantity, net) = match extent {
        Extent::Whole if taken.is_whole(line) => return Err(CreditRefused::NothingLeft),
        Extent::Whole => (quantity_left, net_left),
        Extent::Quantity(quantity) if quantity <= Decimal::ZERO => return Err(CreditRefused::NotPositive),
        Extent::Quantity(quantity) if quantity > quantity_left => return Err(CreditRefused::MoreThanBilled),
        Extent::Quantity(quantity) => {
            let upto = billed_for(line, taken.quantity + quantity)?;
            (quantity, upto.checked_sub(billed_for(line, taken.quantity)?)?)
        }
        Extent::Amount(amount) if amount.minor <= 0 => return Err(CreditRefused::NotPositive),
        Extent::Amount(amount) => (Decimal::ZERO, amount),
    };
    if net_left.checked_sub(net)?.minor < 0 {
        return Err(CreditRefused::MoreThanBilled);
    }
    let after = Taken { quantity: taken.quantity + quantity, net: taken.net.checked_add(net)? };
    Ok(CreditLine { invoice_line_id: line.id, quantity, net, whole: after.is_whole(line) })
}

/// The part of a line's amount that `quantity` of it stands for, rounded once.
fn billed_for(line: &InvoiceLine, quantity: Decimal) -> Result<Money, MoneyError> {
    if quantity >= line.quantity {
        return Ok(line.net);
    }
    let product = line.net.decimal().checked_mul(quantity).ok_or(MoneyError::Overflow)?;
    Money::round(product.checked_div(line.quantity).ok_or(MoneyError::Overflow)?, line.net.currency)
}

#[cfg(test)]
mod tests;
