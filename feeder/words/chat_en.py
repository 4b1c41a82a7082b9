"""What the bot says in English."""

from feeder.words.chat_table import ChatWords, Counted

ENGLISH_CHAT = ChatWords(
    letter="e",
    name="English",
    labelled="{label}: {value}",
    yes_subscribe="Subscribe",
    no="Cancel",
    back="Back",
    change="Change",
    one_moment="One moment, please…",
    crowded="Too many requests here. Please try again in a minute.",
    menu={
        "latest": "Latest articles",
        "search": "Search articles",
        "subscribe": "Get new articles in this chat",
        "subscriptions": "Your subscriptions",
        "sources": "Where articles come from",
        "settings": "Language, time zone, look",
        "feed": "Addresses for a feed reader",
        "help": "How to use this bot",
    },
    greeting_more="Just send me some words to search for, or pick one of these:",
    help_button="Help",
    help_title="What I can do",
    help="/latest – the {default} latest articles; /latest 10 shows ten (at most {cap}); "
    "/latest 10 rain, /latest #weather or /latest BBC shows only those about rain, with a tag or from a source\n"
    '/search words – find articles with all these words; a phrase goes in "quotation marks", -word excludes a word. '
    "In a private chat, just send the words\n"
    "/read – read an article in the chat: press its number below a list\n"
    "/subscribe – get new articles in this chat; /subscribe rain sends only those about rain, "
    "/subscribe @channel rain posts them in your channel\n"
    "/watch words – get every new article with these words\n"
    "/subscriptions – pause, change or end subscriptions\n"
    "/sources – where articles come from\n"
    "/feed – addresses for a feed reader\n"
    "/settings – time zone and look; /language – language\n"
    "/help – this message",
    admin_help_title="For admins",
    admin_help="/status – how everything is going\n"
    "/add address – add a feed; you see it first\n"
    "/pause, /remove – pause, resume or remove a source\n"
    "/held – posts that may not have arrived, to send again or drop\n"
    "/opml – all feeds as a file; send such a file to add its feeds\n"
    "/invite number – let a person or group subscribe; /invite number off takes that back",
    feed_note="Copy an address into a feed reader to get new articles there.",
    no_search_feed="There is no feed of that search. /feed shows the others.",
    best_first="Best match first",
    newest_first="Newest first",
    back_to_list="Back to the list",
    read_usage="Press the number of an article below a list, or send /read with its link.",
    no_article="I can't find that article; it may have been removed.",
    this_chat="this chat",
    choose_subscription="What should I send to {where}? Pick something, or send /subscribe with words to search for, "
    "a source or a #tag.",
    ask_subscribe="That is how it will look. Send new articles to {where}: {what}?",
    ask_subscribe_empty="There are no such articles yet. Send new articles to {where}: {what}?",
    subscribed="Done. New articles will be sent to {where}: {what}.",
    nothing_changed="Nothing was changed.",
    too_many_subscriptions=Counted(
        one="A chat can have only {n} subscription. End it first, with /subscriptions.",
        other="A chat can have at most {n} subscriptions. End one first, with /subscriptions.",
    ),
    watch_usage="Send some words to watch for, for example: /watch rain",
    cannot_post="I can't post in {where}. Add me as an administrator who may post messages, then try again.",
    refusals={
        "not an admin": "Only admins of this bot can subscribe. Your number is {person}.",
        "not let in": "Only people invited by an admin of this bot can subscribe. Your number is {person}; "
        "an admin can let you in with /invite {person}",
        "not an administrator": "Only administrators of that chat can do this.",
        "no such chat": "I don't know that chat. Add me to it first, as an administrator if it is a channel.",
        "not here": "Please send me that in a private chat.",
    },
    subscriptions="Subscriptions",
    subscriptions_of="Subscriptions of {where}",
    no_subscriptions="There are no subscriptions in {where} yet.",
    add_subscription="+ Subscribe",
    look="Look",
    when="When",
    pause="Pause",
    resume="Resume",
    end="End",
    ask_end="End this subscription: {what}?",
    yes_end="End it",
    ended="This subscription has ended.",
    is_paused="paused",
    is_off="switched off: I can't post there",
    by_operator="set by the operator",
    in_topic="topic {topic}",
    options={
        "silent": "no sound",
        "source": "source",
        "date": "date",
        "author": "author",
        "hashtags": "hashtags",
        "preview": "link preview",
        "read_button": "read button",
    },
    values={
        "title": "title only",
        "lead": "beginning",
        "full": "full text",
        "none": "no pictures",
        "first": "first picture",
        "album": "all pictures",
    },
    at_once="at once",
    daily="daily at {time}",
    weekly="{day} at {time}",
    weekdays={
        "mon": "Mondays",
        "tue": "Tuesdays",
        "wed": "Wednesdays",
        "thu": "Thursdays",
        "fri": "Fridays",
        "sat": "Saturdays",
        "sun": "Sundays",
    },
    quiet="quiet {hours}",
    no_quiet="no quiet hours",
    per_hour=Counted(one="at most {n} an hour", other="at most {n} an hour"),
    any_number="any number",
    settings="Settings",
    language="Language",
    time_zone="Time zone",
    look_of_new="Look of new subscriptions",
    automatic="as in Telegram",
    choose_language="Choose a language:",
    choose_zone="Choose a time zone, or send its name, for example: /settings Asia/Shanghai",
    no_such_zone="I don't know that time zone. Send one like /settings Asia/Shanghai",
    status="Status",
    entries="Articles",
    states={
        "waiting": "Waiting to be sent",
        "held": "May have been sent",
        "failed": "Not sent",
        "sent": "Sent",
    },
    add_usage="Send the address of a feed or of a website, for example: /add example.org",
    ask_add="Add it as “{name}”?",
    yes_add="Add",
    added="Added “{name}”. Its new articles will be posted.",
    none_to_remove="Only sources that were added with /add or /opml can be removed here; there are none.",
    no_sources="There are no sources yet; /add adds one.",
    paused="Paused “{name}”.",
    resumed="Resumed “{name}”. Its new articles will be posted.",
    removed="Removed “{name}”. Its articles stay.",
    choose_source={
        "pause": "Which source should be paused, or resumed (⏸)?",
        "remove": "Which source should be removed? Its articles stay.",
    },
    ask_remove="Remove “{name}”? Its articles stay.",
    yes_remove="Remove",
    opml_note="All feeds. Any feed reader can import this file; send one like it to add its feeds here.",
    no_opml="Please send an OPML file of at most 5 MB.",
    imported="Added: {added}. Already here: {known}. Not usable: {refused}.",
    notice_off="Posting to {chat} has stopped: {reason}\n"
    "I will try again in an hour, and at once when I am given the right to post there.",
    notice_on="I can post to {chat} again. What it missed follows in one message.",
    notice_held=Counted(
        one="{n} post may or may not have arrived. Decide in /held.",
        other="{n} posts may or may not have arrived. Decide in /held.",
    ),
    notice_failed=Counted(
        one="{n} post could not be sent. See /held.",
        other="{n} posts could not be sent. See /held.",
    ),
    notice_more=Counted(one="… and {n} more. See /status.", other="… and {n} more. See /status."),
    and_more=Counted(one="… and {n} more", other="… and {n} more"),
    notice_second="Another program is using my token, so each of us misses messages. Stop one of the two.",
    held=Counted(one="{n} post needs a decision", other="{n} posts need a decision"),
    nothing_held="Nothing needs a decision.",
    send="Send",
    drop="Drop",
    send_all="Send all",
    drop_all="Drop all",
    invites_off='Invitations are off. To use them, set allow = "invited" under [telegram] in the configuration.',
    invite_usage="Send the number of a person or group, for example: /invite 123456789",
    invited="{person} may now subscribe.",
    uninvited="{person} may no longer subscribe.",
)
