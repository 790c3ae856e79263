//! The frame of the static pages that reports write: strict content security policy, no script, one stylesheet.

/// A page of this title: the way back to the playground, then the body.
#[must_use]
pub fn page(title: &str, body: &str) -> String {
    framed(title, body, "img-src 'self'", "")
}

/// A page with live figures in it, which one script of ours puts into frames of ours.
#[must_use]
pub(super) fn live_page(title: &str, body: &str) -> String {
    let allowed = "img-src 'self'; script-src 'self'; frame-src 'self'";
    framed(title, body, allowed, "<script src=\"embed.js\" async></script>\n")
}

fn framed(title: &str, body: &str, allowed: &str, script: &str) -> String {
    let start = START.replace("img-src 'self'", allowed);
    let head = HEAD_END.replacen("</head>", &format!("{script}</head>"), 1);
    format!("{start}<title>{}</title>\n{head}{body}</main>\n</body>\n</html>\n", escaped(title))
}

/// Text as HTML: names come from files and must stay text.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const START: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'">
"#;

const HEAD_END: &str = r#"<link rel="icon" href="{{icon}}" type="image/svg+xml">
<link rel="stylesheet" href="accuracy.css">
</head>
<body>
<main>
<p><a href="./">Tandem</a></p>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_file_stay_text() {
        assert_eq!(escaped("<b>&"), "&lt;b&gt;&amp;");
        assert!(page("a < b", "").contains("<title>a &lt; b</title>"));
    }
}
