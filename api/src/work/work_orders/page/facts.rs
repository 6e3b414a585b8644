//! What the job is, and since when.

use super::{
    super::view::{duration, skill},
    WorkOrderPage,
};
use chrono::TimeDelta;
use domain::work::work_order::WorkOrderState;
use maud::{Markup, html};
use web::request::View;

impl WorkOrderPage {
    pub(super) fn facts(&self, view: &View) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        html! {
            section.card {
                header { h2 { (lang.t("service-facts")) } }
                dl.pairs-list {
                    div { dt { (lang.t("work-orders-kind")) } dd { (lang.t(&format!("work_order-kind-{}", work.kind.as_str()))) } }
                    @if let Some(word) = &work.required_skill { div { dt { (lang.t("work-orders-skill")) } dd { (skill(lang, word)) } } }
                    div { dt { (lang.t("work-orders-estimate")) } dd { (duration(lang, TimeDelta::minutes(work.estimated_minutes.into()))) } }
                    div { dt { (lang.t("work-orders-created")) } dd { (lang.date_time(work.created_at, view.zone)) } }
                    @if let Some(at) = work.state.completed_at() { div { dt { (lang.t("work-orders-completed")) } dd { (lang.date_time(at, view.zone)) } } }
                    @match &work.state {
                        WorkOrderState::OnHold { reason, .. } | WorkOrderState::Canceled { reason, .. } | WorkOrderState::CannotComplete { reason, .. } => {
                            div { dt { (lang.t("service-reason")) } dd { (reason) } }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
