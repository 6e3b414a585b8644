//! The one set of migrations, in order. Each word's tables stand beside its repository; a migration that has landed
//! is never edited, only followed.

use super::{
    across::{demo, retention},
    columns::minor_units,
    condition::{alerts, analytics_state, evidence, failures, rules, state_days, states},
    engine::{command_keys, counters, leases, outbox, parked_events, transitions, write_probe},
    fleet::{assets, customers, device_attributes, devices, model_metrics, models, sites, territories},
    insight::{kpi_changed, kpi_facts},
    lists::search,
    money::{contracts, invoices, payments, warranties},
    people::{accounts, api_tokens, known_browsers, organisation, sessions},
    telemetry::{connections, device_events, quarantine},
    work::{checklists, lines, parts, stock, technicians, tickets, time_entries, visits, work_orders},
};
use sea_orm::DbErr;
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager, sea_query::Index};

pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(command_keys::Migration),
            Box::new(outbox::Migration),
            Box::new(accounts::Migration),
            Box::new(sessions::Migration),
            Box::new(api_tokens::Migration),
            Box::new(organisation::Migration),
            Box::new(leases::Migration),
            Box::new(parked_events::Migration),
            Box::new(territories::Migration),
            Box::new(customers::Migration),
            Box::new(sites::Migration),
            Box::new(models::Migration),
            Box::new(assets::Migration),
            Box::new(devices::Migration),
            Box::new(contracts::Migration),
            Box::new(warranties::Migration),
            Box::new(invoices::Migration),
            Box::new(payments::Migration),
            Box::new(kpi_facts::Migration),
            Box::new(connections::Migration),
            Box::new(quarantine::Migration),
            Box::new(counters::Migration),
            Box::new(transitions::Migration),
            Box::new(tickets::Migration),
            Box::new(work_orders::Migration),
            Box::new(technicians::Migration),
            Box::new(visits::Migration),
            Box::new(checklists::Migration),
            Box::new(lines::Migration),
            Box::new(time_entries::Migration),
            Box::new(parts::Migration),
            Box::new(stock::Migration),
            Box::new(states::Migration),
            Box::new(failures::Migration),
            Box::new(device_events::Migration),
            Box::new(rules::Migration),
            Box::new(alerts::Migration),
            Box::new(evidence::Migration),
            Box::new(analytics_state::Migration),
            Box::new(demo::Migration),
            Box::new(search::Migration),
            Box::new(minor_units::Migration),
            Box::new(visits::EnteredLate),
            Box::new(states::StopsMigration),
            Box::new(device_attributes::Migration),
            Box::new(lines::ExactTime),
            Box::new(organisation::Steps),
            Box::new(invoices::Accounts),
            Box::new(contracts::Billing),
            Box::new(model_metrics::Migration),
            Box::new(alerts::EventTimeMigration),
            Box::new(known_browsers::Migration),
            Box::new(leases::CountRenewals),
            Box::new(write_probe::Migration),
            Box::new(quarantine::BySource),
            Box::new(parked_events::Retries),
            Box::new(retention::Migration),
            Box::new(state_days::Migration),
            Box::new(invoices::OpenSums),
            Box::new(kpi_facts::Standing),
            Box::new(kpi_changed::Migration),
            Box::new(state_days::Versions),
        ]
    }
}

/// Makes the indexes of `table`, each by its name and columns.
pub(super) async fn create_indexes(
    manager: &SchemaManager<'_>,
    table: &'static str,
    indexes: &[(&'static str, &[&'static str])],
) -> Result<(), DbErr> {
    for (name, columns) in indexes {
        let mut index = Index::create();
        index.name(*name).table(table);
        for column in *columns {
            index.col(*column);
        }
        manager.create_index(index).await?;
    }
    Ok(())
}
