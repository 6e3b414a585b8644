use super::{Row, Sheet, Values, parquet::Parquet};
use domain::id::DeviceId;
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::RowAccessor,
};
use service::telemetry::samples::queries::Place;

#[test]
fn a_parquet_file_has_every_row_in_its_place() {
    let device = DeviceId::generate();
    let row = |at: i64| -> Row {
        let place = Place { ts_us: 1_790_000_000_000_000 + at, metric: "oil temp".into(), device };
        (place, Values::new([at as f64 / 2.0, 7.0].into_iter()))
    };
    let rows: Vec<Row> = (0..120_001).map(row).collect();
    let mut sheet: Box<dyn Sheet> = Box::new(Parquet::new(vec!["avg", "count"]));
    let mut file = sheet.begin().expect("begun");
    for piece in rows.chunks(5_000) {
        file.extend(sheet.rows(piece).expect("written"));
    }
    file.extend(sheet.end().expect("ended"));
    assert!(file.len() < rows.len() * 12, "packed: {}", file.len());

    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).expect("a file");
    assert!(reader.num_row_groups() > 1, "it was sent in pieces");
    let mut count = 0;
    for (found, (place, values)) in reader.get_row_iter(None).expect("rows").zip(&rows) {
        let found = found.expect("a row");
        assert_eq!(found.get_timestamp_micros(0).expect("a time"), place.ts_us);
        assert_eq!(found.get_string(1).expect("a device"), &device.to_string());
        assert_eq!(found.get_string(2).expect("a name"), "oil temp");
        assert_eq!(found.get_double(3).expect("a value"), values.get()[0]);
        assert_eq!(found.get_double(4).expect("a value"), 7.0);
        count += 1;
    }
    assert_eq!(count, rows.len());

    let empty: Box<dyn Sheet> = {
        let mut sheet: Box<dyn Sheet> = Box::new(Parquet::new(vec!["value"]));
        sheet.begin().expect("begun");
        sheet
    };
    assert!(!empty.end().expect("ended").is_empty(), "an empty one is a file too");
}
