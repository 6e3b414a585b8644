//! Who went there, when and for how long.

use super::{
    super::view::{duration, status_pill},
    WorkOrderPage,
};
use domain::work::visit::Visit;
use maud::{Markup, html};
use web::{icon::icon, request::View};

impl WorkOrderPage {
    pub(super) fn trips(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            section.card {
                header { h2 { (icon("route")) (lang.t("work-orders-visits")) } }
                @if self.visits.is_empty() { p.nothing { (lang.t("work-orders-no-visits")) } }
                ul.rows {
                    @for visit in &self.visits {
                        li {
                            div {
                                h3 { @if Self::is_planned_by(view) { a href={ "/dispatch/visits/" (visit.id) } { (self.technician(visit)) } } @else { (self.technician(visit)) } }
                                p { (lang.date_time(visit.planned_start, view.zone)) " – " (lang.date_time(visit.planned_end, view.zone)) }
                                @for span in visit.spans(self.now) {
                                    p { (lang.t(&format!("time-{}", span.kind.as_str()))) " · " (lang.date_time(span.from, view.zone)) " · " (duration(lang, span.duration())) }
                                }
                                @if let Some(outcome) = visit.state.outcome() { p { (lang.t(&format!("outcome-{}", outcome.as_str()))) } }
                            }
                            (status_pill(lang, "visit", visit.state.as_str()))
                        }
                    }
                }
            }
        }
    }

    fn technician(&self, visit: &Visit) -> &str {
        let found = self.technicians.iter().find(|technician| technician.id == visit.technician_id);
        found.map_or("", |technician| &technician.name)
    }
}
