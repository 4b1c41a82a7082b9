"""Synthetic archives: files in three real formats and of realistic sizes, made of random words.

They contain nobody's text. The same number gives the same file, so that all runs measure the same work.
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_NOUNS = str.split(
    """
    政府 总统 议会 城市 居民 学校 医院 河流 山谷 港口 工厂 公司 银行 市场 价格 农民 粮食 天气 暴雨 大雪 桥梁
    铁路 机场 航班 电力 能源 石油 煤炭 太阳 风车 海洋 渔船 森林 野火 动物 候鸟 研究 论文 教授 学生 老师 图书
    博物馆 音乐 电影 画家 作家 诗人 记者 报纸 网络 手机 电脑 芯片 软件 数据 隐私 法律 法院 律师 警察 证据 选举
    选民 投票 党派 外交 使馆 条约 边境 难民 移民 军队 士兵 战争 和平 武器 卫星 火箭 月球 太空 疫苗 病毒 医生
    病人 药品 健康 体育 球队 教练 冠军 比赛 观众 税收 预算 债务 货币 股票 投资 贸易 关税 出口 进口 工人 工会
    工资 房屋 租金 土地 村庄 道路 汽车 电池 火车 地铁 自行车 儿童 老人 家庭 妇女 历史 传统 节日 宗教 寺庙 语言
    文字 考古 遗址 王朝 地震 洪水 台风 气候 温度 冰川 空气 污染 垃圾 饮水 食品 餐馆 茶叶 咖啡
    """,
)
_VERBS = str.split(
    """
    宣布 表示 认为 批评 支持 反对 要求 希望 计划 开始 停止 继续 增加 减少 提高 降低 建设 关闭 发现 调查 报道
    公布 签署 拒绝 同意 讨论 访问 离开 抵达 举行 参加 组织 领导 保护 破坏 修复 购买 出售 运送 生产 使用 学习
    教授 阅读 书写 观察 记录 比较 解释 证明 怀疑 承认 否认 警告 提醒 帮助 救援 治疗 研发 测试 推迟 取消 恢复
    改变 影响 推动 阻止 限制 允许 禁止 检查 逮捕
    """,
)
_QUALITIES = str.split(
    """
    重要 严重 新的 古老 巨大 微小 迅速 缓慢 公开 秘密 昂贵 便宜 安全 危险 复杂 简单 普遍 罕见 和平 激烈 当地
    国际 年轻 著名 主要 独立 传统 现代 临时 长期 意外 有效 干净 寒冷 炎热 繁忙 安静 热闹 富裕 贫穷 困难 顺利
    清楚 模糊 强烈 温和 丰富 稀少
    """,
)
_PLACES = str.split(
    """
    北方 南方 东部 西部 沿海 内陆 首都 省城 县里 镇上 海岛 高原 沙漠 平原 边城 北京 上海 台北 香港 东京 首尔
    新加坡 伦敦 巴黎 柏林 莫斯科 基辅 纽约 华盛顿 旧金山 墨尔本 开罗 新德里 曼谷 河内 马尼拉
    """,
)
_TIMES = str.split(
    """
    周一 周二 周三 周四 周五 周末 上午 下午 傍晚 深夜 去年 今年 上个月 本月初 几天前 不久以前 三年来 十年间
    """,
)
_JOINTS = str.split(
    """
    因此 但是 同时 此外 然而 所以 另外 不过 事实上 据说 随后 接着 其中 尤其是 相比之下 与此同时
    """,
)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华文玉建国红春梅兰志海云山川雨晴雪松柏竹石泉江河湖溪林森岚峰岭原野"
)
_RARE = (
    "鹭鸶蓑笠筏艄桨舵锚缆礁汐涟漪潺湲淙涧壑峦岫嶂崖巅麓坳垭垄畦畴埂陌阡篱笆苇蒲荻芦藻萍荇菱藕荸荠葫芦瓠匏豇豌"
    "蚕桑柘楝椿槐榆楸梓桐樟楠檀桦桉柞栎榛栗柿枣杏桃梨橘柑柚橙柠檬枇杷荔枝龙眼槟榔椰棕榈蕉芭葛藤萝薜荔茯苓芍药"
    "芙蓉菖蒲薄荷茴香艾蒿苜蓿"
)
_FIRST = datetime(2012, 1, 1, tzinfo=UTC)


class _Writer:
    def __init__(self, number: int) -> None:
        self._chance = random.Random(number)

    def word(self, words: list[str] | str) -> str:
        return words[int(len(words) * self._chance.random() ** 1.6)]  # some words are more frequent than others

    def name(self) -> str:
        return self.word(_SURNAMES) + "".join(self.word(_GIVEN) for _ in range(self._chance.choice((1, 2, 2))))

    def sentence(self) -> str:
        chance = self._chance.random()
        noun, verb, quality, place = self.word(_NOUNS), self.word(_VERBS), self.word(_QUALITIES), self.word(_PLACES)
        other, more, when = self.word(_NOUNS), self.word(_NOUNS), self.word(_TIMES)
        if chance < 0.25:
            return f"{place}的{quality}{noun}{when}{verb}，{other}和{more}都将受到影响。"
        if chance < 0.5:
            quote = f"{noun}的{other}{quality}，我们{self.word(_VERBS)}{more}。"
            return f"{self.word(_JOINTS)}，{self.name()}{when}对记者{verb}：“{quote}”"
        if chance < 0.7:
            rare = self.word(_RARE) + self.word(_RARE)
            return f"{noun}{self.word(_VERBS)}{rare}{other}，{self.name()}在{place}{verb}{more}。"
        if chance < 0.85:
            number = self._chance.randrange(2, 9000)
            return f"{when}，{place}有{number}个{quality}{noun}{verb}{other}，比{self.word(_TIMES)}多了{number % 97}%。"
        return f"{noun}与{other}之间的{more}{quality}而{self.word(_QUALITIES)}，{place}{verb}"[:40] + "。"

    def paragraph(self) -> str:
        return "".join(self.sentence() for _ in range(self._chance.randint(2, 5)))

    def paragraphs(self, characters: int) -> list[str]:
        done: list[str] = []
        while characters > 0:
            done.append(self.paragraph())
            characters -= len(done[-1])
        return done

    def title(self) -> str:
        return f"{self.word(_PLACES)}{self.word(_NOUNS)}{self.word(_VERBS)}{self.word(_QUALITIES)}{self.word(_NOUNS)}"

    def length(self) -> int:
        """Return the length of an article in characters: 2 to 12 KB with its markup, usually 3 to 6."""
        return max(450, min(3600, int(self._chance.lognormvariate(7.0, 0.5))))

    def moment(self) -> datetime:
        return _FIRST + timedelta(seconds=self._chance.randrange(12 * 365 * 86_400))


def article(number: int) -> tuple[str, str]:
    """Return the name and text of an article. Of ten, 3, 3 and 4 have the three formats."""
    writer = _Writer(number)
    shape = (_comment_and_link, _translation, _jekyll)[(0, 0, 0, 1, 1, 1, 2, 2, 2, 2)[number % 10]]
    return f"{number // 1000:03}/{number:06}.md", shape(writer, number)


def write_archive(folder: Path, count: int) -> int:
    """Write `count` articles into subfolders of a thousand each; return their total size in bytes."""
    written = 0
    for number in range(count):
        name, text = article(number)
        path = folder / name
        if number % 1000 == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        written += path.write_bytes(text.encode())
    return written


def _comment_and_link(writer: _Writer, number: int) -> str:
    moment, link, title = writer.moment(), f"https://news.example.org/a/{number}.html", writer.title()
    proxied = f"https://images.weserv.nl/?url=pictures.example.org/{number}.jpg"
    body = "<br /><br />".join(writer.paragraphs(writer.length()))
    return (
        f"<!--{int(moment.timestamp() * 1000)}-->\n[{title}]({link})\n------\n\n"
        f"<div><i>{moment:%a, %d %b %Y %H:%M:%S} GMT</i></div><div>"
        f'<img src="{proxied}" referrerpolicy="no-referrer">'
        f"<div><small>{writer.sentence()}</small></div></div><div>{body}</div>"
        f'<a href="/a/{number}.html"></a>\n'
    )


def _translation(writer: _Writer, number: int) -> str:
    title, moment = writer.title(), writer.moment()
    team, link = writer.name() + "翻译组", f"https://translations.example.net/zh-hans/{number}/"
    original = f"https://original.example.com/{moment:%Y/%m}/{number}"
    picture = f"https://assets.example.net/uploads/{moment:%Y/%m}/{number}.png"
    lines = [
        f"---\ntitle: {title}\n---\n`{team}` [轉載自译站]({link})\n",
        f"**编译： {writer.name()}**\n![]({picture}){writer.sentence()}",
        "\n\n".join(writer.paragraphs(writer.length())),
        f"**新闻来源**：[译站原文][{writer.title()}]({original})",
        f"***审核：{writer.name()} 校对：{writer.name()} 发布：{writer.name()}***",
        "免責聲明：本文内容仅代表作者个人观点，平台不承担任何法律风险。",
        "\n".join(f"- [{name}](https://{name}.example.net/)" for name in ("foundation", "society", "terms", "privacy")),
    ]
    return "\n\n".join(lines) + "\n"


def _jekyll(writer: _Writer, number: int) -> str:
    title, moment, team = writer.title(), writer.moment(), writer.word(_PLACES) + "日报"
    link = f"https://daily.example.com/gb/{moment:%y/%m/%d}/n{number}.htm"
    parts = []
    for paragraph in writer.paragraphs(writer.length()):
        word = writer.word(_NOUNS)
        linked = f'<a href="https://daily.example.com/tag/{word}.html">{word}</a>'
        parts.append(f"<p>{paragraph.replace(word, linked, 1)}</p>")
    return (
        f'---\nlayout: post\ntitle: "{title}"\ndate: {moment:%Y-%m-%dT%H:%M:%S}.000Z\nauthor: {team}\nfrom: {link}\n'
        f"tags: [ {team} ]\ncomments: True\ncategories: [ {team} ]\n---\n"
        f"<!--{int(moment.timestamp() * 1000)}-->\n[{title}]({link})\n------\n\n"
        f"<div>\n<p>【{team}{moment:%Y年%m月%d日}讯】</p>{''.join(parts)}\n</div>\n"
    )
