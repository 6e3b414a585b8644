//! Every test of the faces once more, on the other engine of the records.

#[test]
fn every_face_passes_on_postgresql() {
    store::place::once_more_on_postgresql("::", 200);
}
