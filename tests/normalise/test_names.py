"""Several names in one text are several people; one name with a comma stays one."""

import pytest

from feeder.normalise.names import split_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Alexis Metaireau, Conan Doyle", ("Alexis Metaireau", "Conan Doyle")),
        ("张三、李四", ("张三", "李四")),
        ("张三，李四", ("张三", "李四")),
        ("张三/李四", ("张三", "李四")),
        ("张三&李四", ("张三", "李四")),
        ("张三 和 李四", ("张三", "李四")),
        ("约翰·史密斯、李四", ("约翰·史密斯", "李四")),
        ("山田太郎、鈴木花子", ("山田太郎", "鈴木花子")),
        ("홍길동, 김철수", ("홍길동", "김철수")),
        ("مريم علي، أحمد حسن", ("مريم علي", "أحمد حسن")),
        ("Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee & Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee / Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee; Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Lee, Ann; Ray, Bob", ("Lee, Ann", "Ray, Bob")),
        ("Lee, Ann and Ray, Bob", ("Lee, Ann", "Ray, Bob")),
        ("Ann Lee, Bob Ray, and Cat Fox", ("Ann Lee", "Bob Ray", "Cat Fox")),
        ("Ann Lee, Bob and Cat Fox", ("Ann Lee", "Bob", "Cat Fox")),
        ("Ann Lee, Jr., Bob Ray", ("Ann Lee, Jr.", "Bob Ray")),
        ("Ann Lee (Reuters), Bob Ray (AP)", ("Ann Lee (Reuters)", "Bob Ray (AP)")),
        ("Ann Lee (Reuters, Paris)", ("Ann Lee (Reuters, Paris)",)),
        ("By Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ana Gil y Luis Paz", ("Ana Gil", "Luis Paz")),
        ("Иван Петров и Анна Смирнова", ("Иван Петров", "Анна Смирнова")),
        ("Ludwig van Beethoven, Clara Schumann", ("Ludwig van Beethoven", "Clara Schumann")),
        ("Ann and Bob", ("Ann", "Bob")),
        ("Ann Lee with Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee <ann@e.org>, Bob Ray (bob@e.org)", ("Ann Lee", "Bob Ray")),
        ("Jan Kowalski i Anna Nowak", ("Jan Kowalski", "Anna Nowak")),
        ("Jan Novák a Petr Svoboda", ("Jan Novák", "Petr Svoboda")),
        ("Kiss Sándor és Nagy Péter", ("Kiss Sándor", "Nagy Péter")),
        ("مريم علي و أحمد حسن", ("مريم علي", "أحمد حسن")),
        ("张三和李四", ("张三", "李四")),
        ("张三与李四", ("张三", "李四")),
        ("张三 李小四", ("张三", "李小四")),
        ("Ann, Bob, Cat", ("Ann", "Bob", "Cat")),
        ("@ann, b@e.org", ("@ann", "b@e.org")),
        ("", ()),
    ],
)
def test_several_people_are_told_apart(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Lee, Ann",
        "Ann Lee, Jr.",
        "Ann Lee, Ph.D.",
        "Ann Lee, The Paper",
        "Ann Lee, Reuters",
        "Ann Lee, who was there",
        "张三，某报驻北京记者",
        "某新闻／综合报道",
        "José Ortega y Gasset",
        "Antoni Gaudí i Cornet",
        "李和平",
        "张 三",
        "本报 张三",
        "Bob and Jane Lee",
        "Food and Drug Administration",
        "Department of Health and Human Services",
        "staff and agencies",
        "AC/DC",
        "By the way",
        "Ann Lee, 42",
        "a, " * 400,
    ],
)
def test_one_name_stays_one(text: str) -> None:
    assert split_names(text) == (text.strip(),)


def test_where_semicolons_part_names_commas_are_in_them() -> None:
    assert split_names("Lee, Ann; van Ray, Bob C.") == ("Lee, Ann", "van Ray, Bob C.")
