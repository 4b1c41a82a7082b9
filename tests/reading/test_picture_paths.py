import pytest

from feeder.reading.picture_paths import picture_paths


@pytest.mark.parametrize(
    ("address", "article", "path"),
    [
        ("img/a.png", "post.md", "img/a.png"),
        ("img/a.png", "2020/post.md", "2020/img/a.png"),
        ("./a.png", "2020/post.md", "2020/a.png"),
        ("../assets/x.jpg", "2020/post.md", "assets/x.jpg"),
        ("%E5%9B%BE%20%E7%89%87.png", "post.md", "图 片.png"),
        ("图.png", "文/章.md", "文/图.png"),
        ("a.png?w=300#x", "post.md", "a.png"),
        ("a.png%3Fw=1", "post.md", "a.png?w=1"),
        (r"img\a.png", "post.md", "img/a.png"),
        ("%C4%E3.png", "post.md", "\udcc4\udce3.png"),
        ("/images/x.png", "_posts/post.md", "images/x.png"),
        ("file:///home/me/notes/a.png", "post.md", "a.png"),
    ],
)
def test_an_address_first_leads_where_it_says(address: str, article: str, path: str) -> None:
    assert picture_paths(address, article, "/home/me/notes")[0] == path


@pytest.mark.parametrize(
    ("address", "article", "path"),
    [
        ("a.png?w=300", "post.md", "a.png?w=300"),
        ("100%.png", "post.md", "100%.png"),
        ("a%20b.png", "post.md", "a%20b.png"),
        ("/images/x.png", "content/posts/post.md", "static/images/x.png"),
        ("/images/x.png", "source/_posts/post.md", "source/images/x.png"),
        ("/x.png", "blogs/one/content/post.md", "blogs/one/public/x.png"),
        ("images/x.png", "content/posts/post.md", "static/images/x.png"),
        ("x.png", "source/_posts/post.md", "source/_posts/post/x.png"),
        ("x.png", "notes/today.md", "notes/attachments/x.png"),
        ("x.png", "notes/today.md", "assets/x.png"),
        ("../../../images/x.png", "_posts/post.md", "images/x.png"),
    ],
)
def test_it_may_also_lead_where_site_generators_and_note_apps_look(address: str, article: str, path: str) -> None:
    assert path in picture_paths(address, article, "/home/me/notes")


def test_a_bare_name_is_not_looked_for_in_folders_above() -> None:
    assert "cover.png" not in picture_paths("cover.png", "2020/post.md", "/notes")


@pytest.mark.parametrize(
    "address",
    ["//h.example/a.png", "cid:a@b", "C:/Users/me/a.png", r"C:\Users\me\a.png", "a\0.png", "x" * 5000, "javascript:1"],
)
def test_an_address_that_leads_to_no_file_has_no_path(address: str) -> None:
    assert picture_paths(address, "post.md", "/notes") == []


@pytest.mark.parametrize(
    "address", ["../../etc/passwd", "/../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc"]
)
def test_no_path_leads_out_of_the_folder(address: str) -> None:
    paths = picture_paths(address, "a/post.md", "/notes")
    assert paths
    assert not [path for path in paths if path.startswith(("/", "..")) or "/../" in path]


def test_a_file_elsewhere_on_the_disk_is_not_looked_for() -> None:
    paths = picture_paths("file:///etc/passwd", "post.md", "/home/me/notes")
    assert not [path for path in paths if path.startswith("/")]
