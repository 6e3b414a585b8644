use super::*;
use domain::{
    clock::from_micros,
    insight::kpi::SOURCES,
    people::account::{Actor, Scope},
};
use store::records::{
    PageRequest,
    condition::failures,
    insight::kpi_facts,
    money::invoices,
    work::{
        tickets::{self, Filter},
        work_orders,
    },
};

fn settings(folder: &std::path::Path, seed: u64) -> Settings {
    Settings {
        data_dir: folder.into(),
        seed,
        assets: 12,
        intervals: 1_200,
        failures: 60,
        work_orders: 240,
        open: 10,
        days: 400,
        until: from_micros(1_790_000_000_000_000),
    }
}

fn everything() -> Scope {
    Actor::system().scope()
}

async fn numbers(records: &Records) -> Vec<(String, String)> {
    let page = PageRequest::first(PageRequest::MAX_LIMIT);
    let all = work_orders::list(records.read(), everything(), &work_orders::Filter::default(), &page)
        .await
        .unwrap();
    all.items.into_iter().map(|work| (work.id.to_string(), work.number)).collect()
}

#[tokio::test]
async fn a_fleet_has_the_numbers_asked_for_and_repeats() {
    let mut seen = Vec::new();
    for seed in [7, 7, 8] {
        let folder = tempfile::tempdir().unwrap();
        let made = make(&settings(folder.path(), seed), |_, _, _| ()).await.unwrap();
        assert_eq!((made.assets, made.failures, made.work_orders), (12, 60, 240));
        assert!((1_100..=1_300).contains(&made.intervals), "{}", made.intervals);
        let records = Records::open(folder.path()).await.unwrap();
        let db = records.read();
        assert_eq!(failures::count(db, &failures::Filter::default()).await.unwrap(), 60);
        assert_eq!(work_orders::count(db, everything(), &work_orders::Filter::default()).await.unwrap(), 240);
        assert_eq!(
            tickets::count(db, everything(), &Filter::default()).await.unwrap() as usize,
            made.tickets
        );
        seen.push(numbers(&records).await);
        // Tickets by source are facts; their days are sums of them.
        let days = kpi_facts::days(db, 0, i32::MAX).await.unwrap();
        let opened = SOURCES.iter().filter_map(|(_, source)| days.get(*source)).flatten();
        assert_eq!(opened.map(|(_, sum)| sum.cases).sum::<i64>() as usize, made.tickets);
        let papers = invoices::Filter { shelf: invoices::Shelf::Papers, ..Default::default() };
        let euro = "EUR".parse().unwrap();
        assert_eq!(invoices::sum(db, everything(), &papers, euro).await.unwrap().0 as usize, made.invoices);
        let tx = records.begin().await.unwrap();
        let next = store::records::engine::counters::next(&tx, "WO").await.unwrap();
        assert_eq!(next, "WO-1241", "the product goes on where the past ends");
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
}

#[tokio::test]
async fn a_folder_with_assets_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    make(&settings(folder.path(), 1), |_, _, _| ()).await.unwrap();
    let again = make(&settings(folder.path(), 1), |_, _, _| ()).await.unwrap_err();
    assert!(again.to_string().contains("holds assets already"), "{again}");
}
