//! What a job and its papers add to the indicators.

use super::Case;
use anyhow::Result;
use domain::{
    calendar::Zone,
    insight::kpi::{self, Billed, Contribution, Dimensions, WorkOrderFacts},
    money::invoice::Invoice,
    people::organisation::Organisation,
};
use store::records::insight::kpi_facts::Subject;
use uuid::Uuid;

type Facts = (Subject, Vec<Contribution>);

impl Case<'_> {
    pub(super) fn facts(
        &self,
        organisation: &Organisation,
        zone: Zone,
        facts: &mut Vec<Facts>,
    ) -> Result<()> {
        facts.push(self.of_work(organisation)?);
        facts.extend(self.of_ticket());
        if let Some(invoice) = &self.invoice {
            facts.push(self.of_invoice(invoice, organisation, zone)?);
        }
        Ok(())
    }

    fn dimensions(&self) -> Dimensions {
        Dimensions {
            asset: Some(self.asset.id),
            model: Some(self.asset.model_id),
            technician: None,
            territory: self.territory,
        }
    }

    fn of_work(&self, organisation: &Organisation) -> Result<Facts> {
        let work = &self.work_order;
        let facts = kpi::of_work_order(&WorkOrderFacts {
            work_order: work,
            ticket: self.ticket.as_ref(),
            visits: std::slice::from_ref(&self.visit),
            lines: &self.lines,
            lapsed: &[],
            repeated: false,
            invoice: self.invoice.as_ref(),
            billed: &self.billed()?,
            credited: 0,
            currency: organisation.currency,
        })?;
        let technician = self.visit.state.trip().map(|_| self.visit.technician_id);
        let dimensions = Dimensions { technician, ..self.dimensions() };
        Ok((subject("work_order", work.id.into(), &work.number, dimensions), facts))
    }

    fn billed(&self) -> Result<Vec<Billed>> {
        let Some(issued) = self.invoice.as_ref().and_then(|invoice| invoice.state.issued()) else {
            return Ok(Vec::new());
        };
        let billed = self.lines.iter().map(|line| {
            let net = line.billable()?.minor;
            Ok(Billed { line: line.id, net, issued_at: issued.at, given_back_at: None })
        });
        billed.collect()
    }

    fn of_ticket(&self) -> Option<Facts> {
        let ticket = self.ticket.as_ref()?;
        let subject = subject("ticket", ticket.id.into(), &ticket.number, self.dimensions());
        Some((subject, kpi::of_ticket(ticket, self.promise)))
    }

    fn of_invoice(&self, invoice: &Invoice, organisation: &Organisation, zone: Zone) -> Result<Facts> {
        let number = invoice.state.issued().map(|issued| issued.number.to_string()).unwrap_or_default();
        let dimensions = Dimensions { asset: Some(self.asset.id), ..Dimensions::default() };
        let facts = kpi::of_invoice(invoice, &[], &[], organisation.currency, zone)?;
        Ok((subject("invoice", invoice.id.into(), &number, dimensions), facts))
    }
}

fn subject(kind: &'static str, id: Uuid, label: &str, dimensions: Dimensions) -> Subject {
    Subject { id, kind, label: label.into(), dimensions }
}
