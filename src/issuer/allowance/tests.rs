use super::{HandleUse, KEPT, forget_one};
use crate::issuer::account::Retired;
use crate::wire::id::{Handle, Veil};

fn given(count: u8, retired: u8) -> Vec<HandleUse> {
    let used = |number: u8| HandleUse {
        handle: Handle([number; 8]),
        veil: Veil([number; 16]),
        retired: (number < retired).then_some(Retired { at: 1, issued_at: 1 }),
    };
    (0..count).map(used).collect()
}

fn left(count: u8, retired: u8) -> Vec<u8> {
    let mut handles = given(count, retired);
    forget_one(&mut handles);
    handles.iter().map(|used| used.handle.0[0]).collect()
}

#[test]
fn the_handle_in_use_is_kept_however_many_were_given_out_since() {
    assert_eq!(KEPT, 4);
    // Nothing is retired: the first is what the wallet pays under, if none of the others arrived.
    assert_eq!(left(5, 0), [0, 2, 3, 4]);
    assert_eq!(left(5, 1), [1, 2, 3, 4]);
    assert_eq!(left(5, 4), [1, 2, 3, 4]);
    assert_eq!(left(4, 0), [0, 1, 2, 3]);
}
