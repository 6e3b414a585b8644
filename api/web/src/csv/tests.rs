use super::*;
use axum::body::to_bytes;
use axum::response::IntoResponse;
use store::StoreError;

fn cell(text: &str) -> String {
    let mut drawn = String::new();
    push_cell(&mut drawn, text);
    drawn
}

#[test]
fn cells_cannot_become_formulas() {
    assert_eq!(cell("=1+1"), "\"'=1+1\"");
    assert_eq!(cell("-12.5"), "\"-12.5\"");
    assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
    assert_eq!(cell("\t=1"), "\"'\t=1\"");
    assert_eq!(cell("Pump \"A\""), "\"Pump \"\"A\"\"\"");
}

/// `count` rows of numbers, of which none can be read from row `broken` on.
type Numbers = (usize, usize);

impl Source for Numbers {
    fn lang(&self) -> Lang {
        Lang::En
    }
}

fn read(&(count, broken): &Numbers, page: PageRequest) -> BoxFuture<'_, Rows> {
    let from = page.cursor.map_or(0, |cursor| cursor.parse().expect("a cursor of ours"));
    let to = (from + usize::try_from(page.limit).expect("small")).min(count);
    let items = (from..to).map(|number| vec![number.to_string()]).collect();
    Box::pin(async move {
        if from >= broken {
            return Err(StoreError::Unavailable("unplugged".into()).into());
        }
        Ok(Paged { items, next_cursor: (to < count).then(|| to.to_string()), unreadable: Vec::new() })
    })
}

async fn numbers(count: usize, broken: usize) -> Response {
    match file("numbers.csv", vec!["n".into()], (count, broken), (), read).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

#[tokio::test]
async fn a_file_has_every_row_and_not_only_those_of_one_page() {
    let response = numbers(1234, usize::MAX).await;
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("whole");
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let rows: Vec<_> = text.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(rows, (0..1234).map(|number| format!("\"{number}\"")).collect::<Vec<_>>());
}

#[tokio::test]
async fn half_a_file_is_never_taken_for_a_whole_one() {
    assert!(to_bytes(numbers(1234, 1000).await.into_body(), usize::MAX).await.is_err());
    assert_eq!(numbers(1234, 0).await.status(), 503, "what cannot be read at all has no file");
}
