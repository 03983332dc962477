use super::*;

#[test]
fn a_token_is_one_alphanumeric_segment_of_version_7() {
    let token = ["JT1", &"A2".repeat(86)].concat();
    assert_eq!(token.len(), 175);
    let picture = draw(&token).unwrap();
    // Version 7 has 45 modules.
    assert_eq!(picture.size, 45 + 8);
    assert!(picture.svg.contains("viewBox=\"0 0 53 53\""));
    assert!(picture.svg.contains("fill=\"#fff\" d=\"M0 0h53v53H0z\""));
    assert!(picture.svg.contains(&picture.path));
}

/// The modules of the picture.
fn modules(picture: &Picture) -> Vec<Vec<bool>> {
    let size = picture.size as usize;
    let mut dark = vec![vec![false; size]; size];
    for run in picture.path.split('M').skip(1) {
        let (start, rest) = run.split_once('h').unwrap();
        let (x, y) = start.split_once(' ').unwrap();
        let (length, rest) = rest.split_once('v').unwrap();
        assert_eq!(rest, ["1h-", length, "z"].concat());
        let (x, y, length): (usize, usize, usize) = (x.parse().unwrap(), y.parse().unwrap(), length.parse().unwrap());
        dark[y][x..x + length].fill(true);
    }
    dark
}

#[test]
fn the_path_is_the_matrix_and_the_quiet_zone_is_empty() {
    for text in ["JITSUIN", "JITSUI", "J", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"] {
        let code = QrCode::encode_segments_advanced(
            &[QrSegment::make_alphanumeric(text)],
            QrCodeEcc::Medium,
            Version::MIN,
            Version::MAX,
            Some(Mask::new(MASK)),
            false,
        )
        .unwrap();
        for (y, row) in modules(&draw(text).unwrap()).iter().enumerate() {
            for (x, is_dark) in row.iter().enumerate() {
                let module = code.get_module(i32::try_from(x).unwrap() - QUIET, i32::try_from(y).unwrap() - QUIET);
                assert_eq!(*is_dark, module, "{text} {x} {y}");
            }
        }
    }
}

#[test]
fn other_texts_are_bytes_and_too_long_ones_refused() {
    assert!(draw("実印").is_ok());
    assert_eq!(draw(&"A".repeat(4_000)), Err(TooMuch));
}

#[test]
fn a_picture_is_not_printed() {
    assert!(!format!("{:?}", draw("JITSUIN").unwrap()).contains('M'));
}
