"""The Content-Security-Policy of a page, by how the site shows pictures of others. Pure."""

_ANY_PICTURE, _OUR_PICTURES = "img-src 'self' https: http:", "img-src 'self'"
_OUR_SCRIPTS = "; script-src 'self'"


def fit_policy(policy: str, images: str) -> str:
    """Return a policy that allows what `images` in `[site]` needs, and no more.

    With copies or a proxy a page asks no other site for a picture; "ask" needs our script, which replaces a link by its
    picture.
    """
    if images in {"mirror", "proxy"}:
        return policy.replace(_ANY_PICTURE, _OUR_PICTURES)
    return policy + _OUR_SCRIPTS if images == "ask" and "script-src" not in policy else policy
